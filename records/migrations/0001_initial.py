import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cases', '0001_initial'),
        ('core', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='File',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255)),
                ('folder', models.CharField(blank=True, max_length=500)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.PositiveBigIntegerField()),
                ('kind', models.CharField(blank=True, max_length=20)),
                ('media_type', models.CharField(blank=True, max_length=100)),
                ('state', models.CharField(choices=[('processing', 'Checking'), ('ready', 'Ready'), ('quarantined', 'Set aside'), ('rejected', 'Refused'), ('removed', 'Removed')], default='processing', max_length=12)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('warnings', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('processed_at', models.DateTimeField(null=True)),
                ('claim_job', models.UUIDField(null=True)),
                ('claim_fence', models.PositiveBigIntegerField(default=0)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('container', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.file')),
                ('duplicate_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.file')),
                ('object', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedobject')),
            ],
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=200)),
                ('klass', models.CharField(blank=True, max_length=40)),
                ('klass_confidence', models.FloatField(null=True)),
                ('date', models.DateField(null=True)),
                ('author', models.CharField(blank=True, max_length=200)),
                ('institution', models.CharField(blank=True, max_length=200)),
                ('language', models.CharField(blank=True, max_length=10)),
                ('page_count', models.PositiveIntegerField(default=0)),
                ('state', models.CharField(choices=[('processing', 'Checking'), ('ready', 'Ready'), ('quarantined', 'Set aside'), ('rejected', 'Refused'), ('removed', 'Removed')], default='processing', max_length=12)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('thumbnail', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.storedobject')),
                ('view_copy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.storedobject')),
                ('file', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.file')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('batch', models.UUIDField(unique=True)),
                ('version', models.PositiveSmallIntegerField(default=1)),
                ('document', models.JSONField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Study',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('uid', models.CharField(max_length=64)),
                ('date', models.DateField(null=True)),
                ('time', models.CharField(blank=True, max_length=16)),
                ('description', models.CharField(blank=True, max_length=200)),
                ('accession', models.CharField(blank=True, max_length=64)),
                ('study_id', models.CharField(blank=True, max_length=64)),
                ('institution', models.CharField(blank=True, max_length=200)),
                ('referring', models.CharField(blank=True, max_length=200)),
                ('modalities', models.JSONField(default=list)),
                ('patient_name', models.CharField(blank=True, max_length=200)),
                ('patient_id', models.CharField(blank=True, max_length=64)),
                ('patient_birth_date', models.CharField(blank=True, max_length=10)),
                ('patient_sex', models.CharField(blank=True, max_length=4)),
                ('state', models.CharField(choices=[('processing', 'Checking'), ('ready', 'Ready'), ('quarantined', 'Set aside'), ('rejected', 'Refused'), ('removed', 'Removed')], default='processing', max_length=12)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
            ],
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('uid', models.CharField(max_length=64)),
                ('number', models.IntegerField(null=True)),
                ('modality', models.CharField(blank=True, max_length=16)),
                ('description', models.CharField(blank=True, max_length=200)),
                ('body_part', models.CharField(blank=True, max_length=64)),
                ('laterality', models.CharField(blank=True, max_length=16)),
                ('date', models.DateField(null=True)),
                ('instance_count', models.PositiveIntegerField(default=0)),
                ('frame_count', models.PositiveIntegerField(default=0)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('derived_revision', models.PositiveIntegerField(default=0)),
                ('metadata', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.storedobject')),
                ('thumbnail', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.storedobject')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.study')),
            ],
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255)),
                ('folder', models.CharField(blank=True, max_length=500)),
                ('batch', models.UUIDField()),
                ('fingerprint', models.CharField(blank=True, max_length=64)),
                ('size', models.PositiveBigIntegerField()),
                ('offset', models.PositiveBigIntegerField(default=0)),
                ('state', models.CharField(choices=[('receiving', 'Uploading'), ('received', 'Received'), ('rejected', 'Refused'), ('removed', 'Removed')], default='receiving', max_length=10)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('touched_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('received_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
            ],
        ),
        migrations.AddField(
            model_name='file',
            name='upload',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.upload'),
        ),
        migrations.CreateModel(
            name='UploadPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.PositiveBigIntegerField()),
                ('size', models.PositiveBigIntegerField()),
                ('object', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedobject')),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='records.upload')),
            ],
        ),
        migrations.CreateModel(
            name='ViewerState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField(default=0)),
                ('state', models.JSONField(default=dict)),
                ('saved_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.study')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ChecklistItem',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=60)),
                ('state', models.CharField(choices=[('missing', 'Missing'), ('report_only', 'Report is here, images are missing'), ('images_only', 'Images are here, report is missing'), ('too_old', 'Too old'), ('probable', 'Probably this: please check'), ('satisfied', 'Received'), ('not_done', 'Never done'), ('waived', 'Not needed')], default='missing', max_length=12)),
                ('by_person', models.BooleanField(default=False)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('documents', models.JSONField(default=list)),
                ('studies', models.JSONField(default=list)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('case', 'key'), name='checklist_item_once'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'waived'), _negated=True), models.Q(('by__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='item_waived_has_reason')],
            },
        ),
        migrations.CreateModel(
            name='Page',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('width', models.PositiveIntegerField(default=0)),
                ('height', models.PositiveIntegerField(default=0)),
                ('text', models.TextField(blank=True)),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='records.document')),
                ('image', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.storedobject')),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('document', 'number'), name='page_once')],
            },
        ),
        migrations.CreateModel(
            name='Instance',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('uid', models.CharField(max_length=64)),
                ('sop_class', models.CharField(max_length=64)),
                ('transfer_syntax', models.CharField(max_length=64)),
                ('number', models.IntegerField(null=True)),
                ('position', models.JSONField(null=True)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('columns', models.PositiveIntegerField(default=0)),
                ('frames', models.PositiveIntegerField(default=0)),
                ('metadata', models.JSONField(default=dict)),
                ('native_offset', models.PositiveBigIntegerField(null=True)),
                ('frame_bytes', models.PositiveBigIntegerField(null=True)),
                ('look', models.JSONField(null=True)),
                ('file', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.file')),
                ('pack', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.storedobject')),
                ('series', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.series')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('series', 'uid'), name='instance_once_per_series')],
            },
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.UniqueConstraint(fields=('case', 'uid'), name='study_once_per_case'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.UniqueConstraint(fields=('study', 'uid'), name='series_once_per_study'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(fields=['case', 'state'], name='records_upl_case_id_b2c073_idx'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(fields=['batch'], name='records_upl_batch_ccd68f_idx'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(('offset__lte', models.F('size'))), name='upload_offset_inside'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'received'), _negated=True), models.Q(('offset', models.F('size')), ('received_at__isnull', False)), _connector='OR'), name='upload_received_whole'),
        ),
        migrations.AddIndex(
            model_name='file',
            index=models.Index(fields=['case', 'state'], name='records_fil_case_id_55b6ea_idx'),
        ),
        migrations.AddIndex(
            model_name='file',
            index=models.Index(fields=['case', 'sha256'], name='records_fil_case_id_0bd13d_idx'),
        ),
        migrations.AddConstraint(
            model_name='file',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['rejected', 'quarantined']), _negated=True), models.Q(('code', ''), _negated=True), _connector='OR'), name='file_refused_has_code'),
        ),
        migrations.AddConstraint(
            model_name='file',
            constraint=models.UniqueConstraint(condition=models.Q(('container__isnull', True)), fields=('upload',), name='file_once_per_upload'),
        ),
        migrations.AddConstraint(
            model_name='uploadpart',
            constraint=models.UniqueConstraint(fields=('upload', 'start'), name='upload_part_once'),
        ),
        migrations.AddConstraint(
            model_name='viewerstate',
            constraint=models.UniqueConstraint(fields=('user', 'study'), name='viewer_state_once'),
        ),
    ]
