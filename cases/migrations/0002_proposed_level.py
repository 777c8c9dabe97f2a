from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='proposed_level',
            field=models.CharField(blank=True, choices=[('standard', 'Standard'), ('expedited', 'Expedited'), ('urgent', 'Urgent')], max_length=10),
        ),
    ]
