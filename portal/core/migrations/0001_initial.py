import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('actor_kind', models.CharField(max_length=10)),
                ('actor_id', models.CharField(db_index=True, max_length=60)),
                ('actor_role', models.CharField(max_length=15)),
                ('action', models.CharField(max_length=80)),
                ('outcome', models.CharField(default='ok', max_length=10)),
                ('cases', models.JSONField(default=list)),
                ('subjects', models.JSONField(default=list)),
                ('request_id', models.CharField(blank=True, max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='DataKey',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('case_id', models.UUIDField(unique=True)),
                ('wrapped', models.BinaryField()),
                ('master_key_id', models.CharField(max_length=16)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('case_id', models.UUIDField(db_index=True, null=True)),
                ('subject_kind', models.CharField(max_length=20)),
                ('subject_id', models.UUIDField()),
                ('name', models.CharField(max_length=40)),
                ('source', models.CharField(blank=True, max_length=20)),
                ('target', models.CharField(blank=True, max_length=20)),
                ('actor_kind', models.CharField(choices=[('user', 'user'), ('job', 'job'), ('token', 'token')], max_length=10)),
                ('actor_id', models.CharField(max_length=60)),
                ('actor_role', models.CharField(max_length=15)),
                ('data', models.JSONField(default=dict)),
            ],
            options={
                'indexes': [models.Index(fields=['subject_kind', 'subject_id', 'id'], name='core_event_subject_27b413_idx'), models.Index(fields=['case_id', 'name'], name='core_event_case_id_b802f2_idx')],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('key', models.CharField(max_length=120, unique=True)),
                ('args', models.JSONField(default=dict)),
                ('case_id', models.UUIDField(db_index=True, null=True)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('fence', models.PositiveBigIntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('every_seconds', models.PositiveIntegerField(null=True)),
                ('progress_done', models.PositiveIntegerField(default=0)),
                ('progress_total', models.PositiveIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=120)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['state', 'due_at'], name='core_job_state_456d01_idx'), models.Index(fields=['state', 'lease_until'], name='core_job_state_512303_idx')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('state', 'running')), models.Q(models.Q(('state', 'running'), _negated=True), ('lease_until__isnull', True)), _connector='OR'), name='job_running_has_lease'), models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', False), ('state', 'done')), models.Q(('state', 'done'), _negated=True), _connector='OR'), name='job_done_has_time')],
            },
        ),
        migrations.CreateModel(
            name='StoredObject',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('case_id', models.UUIDField(db_index=True)),
                ('kind', models.CharField(choices=[('original', 'original'), ('derived', 'derived'), ('part', 'part'), ('secret', 'secret')], max_length=12)),
                ('name', models.CharField(max_length=100, unique=True)),
                ('size', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('format', models.CharField(max_length=8)),
                ('state', models.CharField(choices=[('stored', 'Stored'), ('erased', 'Erased'), ('lost', 'Lost')], default='stored', max_length=8)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.datakey')),
            ],
        ),
    ]
