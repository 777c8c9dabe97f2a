import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cases', '0001_initial'),
        ('catalogue', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('specialty', models.CharField(max_length=30)),
                ('state', models.CharField(choices=[('offered', 'Offered'), ('accepted', 'Accepted'), ('drafting', 'Writing'), ('signed', 'Signed'), ('declined', 'Declined'), ('expired', 'Expired'), ('withdrawn', 'Taken back')], default='offered', max_length=10)),
                ('offered_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('note', models.TextField(blank=True, max_length=1000)),
                ('accepted_at', models.DateTimeField(null=True)),
                ('conflict', models.CharField(blank=True, choices=[('none', 'I have no conflict of interest'), ('declared', 'I have something to declare, and can still be impartial')], max_length=10)),
                ('conflict_text', models.TextField(blank=True, max_length=1000)),
                ('ended_at', models.DateTimeField(null=True)),
                ('end_reason', models.CharField(blank=True, max_length=40)),
                ('end_text', models.TextField(blank=True, max_length=1000)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('offered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('specialist', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Opinion',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('version', models.PositiveSmallIntegerField()),
                ('content', models.JSONField()),
                ('sha256', models.CharField(max_length=64)),
                ('signed_at', models.DateTimeField()),
                ('assignment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='specialists.assignment')),
                ('signed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='OpinionDraft',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('content', models.JSONField(default=dict)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('saved_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('assignment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='specialists.assignment')),
                ('catalogue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.catalogueversion')),
            ],
        ),
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('title', models.CharField(blank=True, max_length=120)),
                ('institution', models.CharField(blank=True, max_length=160)),
                ('specialties', models.JSONField(default=list)),
                ('sub_specialties', models.JSONField(default=list)),
                ('conditions', models.JSONField(default=list)),
                ('languages', models.JSONField(default=list)),
                ('capacity', models.PositiveSmallIntegerField(default=3)),
                ('away_from', models.DateField(null=True)),
                ('away_until', models.DateField(null=True)),
                ('active', models.BooleanField(default=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Licence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('country', models.CharField(max_length=2)),
                ('state', models.CharField(blank=True, max_length=10)),
                ('number', models.CharField(max_length=60)),
                ('valid_until', models.DateField(null=True)),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='specialists.profile')),
            ],
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['specialist', 'state'], name='specialists_special_1c3d46_idx'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['accepted', 'drafting', 'offered'])), fields=('case', 'specialist'), name='assignment_live_once'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['accepted', 'drafting', 'signed']), _negated=True), models.Q(('accepted_at__isnull', False), models.Q(('conflict', ''), _negated=True)), _connector='OR'), name='assignment_accepted_declares'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('conflict', 'declared'), _negated=True), models.Q(('conflict_text', ''), _negated=True), _connector='OR'), name='assignment_conflict_says_what'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['declined', 'expired', 'withdrawn']), _negated=True), ('ended_at__isnull', False), _connector='OR'), name='assignment_ended_has_time'),
        ),
        migrations.AddConstraint(
            model_name='opinion',
            constraint=models.UniqueConstraint(fields=('assignment', 'version'), name='opinion_version_once'),
        ),
    ]
