import django.db.models.deletion
import django.utils.timezone
import django_countries.fields
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalogue', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Patient',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('given_name', models.CharField(blank=True, max_length=80)),
                ('family_name', models.CharField(blank=True, max_length=80)),
                ('other_names', models.CharField(blank=True, max_length=160)),
                ('birth_date', models.DateField(null=True)),
                ('sex', models.CharField(blank=True, max_length=10)),
                ('country', django_countries.fields.CountryField(blank=True, max_length=2)),
                ('state', models.CharField(blank=True, max_length=10)),
                ('language', models.CharField(default='en', max_length=10)),
                ('phone', models.CharField(blank=True, max_length=40)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('ref', models.CharField(max_length=8, unique=True)),
                ('acting_as', models.CharField(default='self', max_length=20)),
                ('specialties', models.JSONField(default=list)),
                ('condition', models.CharField(blank=True, max_length=40)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('title', models.CharField(blank=True, max_length=120)),
                ('level', models.CharField(choices=[('standard', 'Standard'), ('expedited', 'Expedited'), ('urgent', 'Urgent')], default='standard', max_length=10)),
                ('phase', models.CharField(choices=[('draft', 'Not sent yet'), ('collecting', 'Collecting records'), ('triage', 'Checking'), ('matching', 'Finding a specialist'), ('in_review', 'With specialist'), ('release', 'Ready to release'), ('delivered', 'Report delivered'), ('closed', 'Closed'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn')], default='draft', max_length=12)),
                ('flagged_today', models.BooleanField(default=False)),
                ('planned_date', models.DateField(null=True)),
                ('items_needed', models.PositiveSmallIntegerField(default=0)),
                ('items_satisfied', models.PositiveSmallIntegerField(default=0)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('complete_at', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField(null=True)),
                ('on_hold', models.BooleanField(default=False)),
                ('clock_signal', models.CharField(blank=True, max_length=10)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('last_message_at', models.DateTimeField(null=True)),
                ('last_activity_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('assignee', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('catalogue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.catalogueversion')),
                ('coordinator', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.patient')),
            ],
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=40)),
                ('version', models.CharField(max_length=20)),
                ('given', models.BooleanField()),
                ('shown', models.JSONField(default=dict)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DeskNote',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('body', models.TextField(max_length=5000)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('scope', models.CharField(default='case', max_length=10)),
                ('assignment_id', models.UUIDField(null=True)),
                ('reason', models.CharField(max_length=40)),
                ('owner', models.CharField(choices=[('patient', 'the patient'), ('hospital', 'a hospital'), ('desk', 'the service')], max_length=10)),
                ('asks', models.TextField(blank=True)),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
                ('until', models.DateTimeField(null=True)),
                ('closed_by', models.CharField(blank=True, max_length=60)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='IntakeSection',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=20)),
                ('answers', models.JSONField(default=dict)),
                ('draft', models.JSONField(default=dict)),
                ('complete', models.BooleanField(default=False)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('saved_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
            ],
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('from_staff', models.BooleanField()),
                ('body', models.TextField(max_length=5000)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('read_at', models.DateTimeField(null=True)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('hold', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.hold')),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField()),
                ('text', models.TextField(max_length=600)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('version', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('signed', 'Signed'), ('released', 'Released'), ('superseded', 'Superseded'), ('recalled', 'Recalled')], default='signed', max_length=10)),
                ('document', models.JSONField()),
                ('sha256', models.CharField(max_length=64)),
                ('assignment_id', models.UUIDField()),
                ('signed_at', models.DateTimeField()),
                ('pdf_object_id', models.UUIDField(null=True)),
                ('released_at', models.DateTimeField(null=True)),
                ('first_opened_at', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('signed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Screening',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('answers', models.JSONField(default=list)),
                ('checked_by_doctor', models.BooleanField(default=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('role', models.CharField(blank=True, max_length=15)),
                ('token_sha256', models.CharField(blank=True, max_length=64)),
                ('scope', models.CharField(choices=[('preview', 'Preview'), ('full', 'Full'), ('write_only', 'Write Only')], max_length=10)),
                ('granted_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('granted_by', models.CharField(max_length=60)),
                ('until', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['user', 'case'], name='cases_grant_user_id_3a00e6_idx')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('role', ''), ('token_sha256', ''), ('user__isnull', False)), models.Q(('token_sha256', ''), ('user__isnull', True), models.Q(('role', ''), _negated=True)), models.Q(('role', ''), ('user__isnull', True), models.Q(('token_sha256', ''), _negated=True)), _connector='OR'), name='grant_one_holder'), models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True), ('user__isnull', False)), fields=('case', 'user', 'scope'), name='grant_once_user'), models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True), models.Q(('role', ''), _negated=True)), fields=('case', 'role', 'scope'), name='grant_once_role')],
            },
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('until__isnull', True), ('until__gte', models.F('since')), _connector='OR'), name='hold_in_order'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_by', ''), ('until__isnull', True)), models.Q(('until__isnull', False), models.Q(('closed_by', ''), _negated=True)), _connector='OR'), name='hold_closed_whole'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('assignment_id__isnull', True), ('scope', 'case')), models.Q(('assignment_id__isnull', False), ('scope', 'assignment')), _connector='OR'), name='hold_scope'),
        ),
        migrations.AddConstraint(
            model_name='intakesection',
            constraint=models.UniqueConstraint(fields=('case', 'key'), name='intake_section_once'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['phase', 'due_at'], name='cases_case_phase_ab4236_idx'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('phase', 'draft'), ('phase', 'withdrawn'), ('submitted_at__isnull', False), _connector='OR'), name='case_sent_has_time'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('phase__in', ['delivered', 'closed']), _negated=True), ('delivered_at__isnull', False), _connector='OR'), name='case_delivered_has_time'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('items_satisfied__lte', models.F('items_needed'))), name='case_items_count'),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.UniqueConstraint(fields=('case', 'number'), name='question_number_once'),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1), ('number__lte', 5)), name='question_up_to_five'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('case', 'version'), name='report_version_once'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'released'), _negated=True), models.Q(('pdf_object_id__isnull', False), ('released_at__isnull', False)), _connector='OR'), name='report_released_whole'),
        ),
    ]
