/** Reading the DICOM JSON model (PS3.18 annex F). Pure: no browser, no cornerstone. */
import { gettext } from './i18n.js';

export const TAGS = {
  imageType: '00080008', studyDate: '00080020', studyTime: '00080030', seriesDate: '00080021', modality: '00080060', sopClass: '00080016', sop: '00080018',
  studyDescription: '00081030', seriesDescription: '0008103E', patientName: '00100010', patientId: '00100020', birthDate: '00100030',
  sex: '00100040', study: '0020000D', series: '0020000E', seriesNumber: '00200011', instanceNumber: '00200013', position: '00200032',
  orientation: '00200037', seriesInstances: '00201209', frames: '00280008', rows: '00280010', columns: '00280011',
  samples: '00280002', photometric: '00280004', pixelSpacing: '00280030', imagerSpacing: '00181164', sliceThickness: '00180050',
  sliceLocation: '00201041', frameTime: '00181063', cineRate: '00180040', displayRate: '00082144', lossy: '00282110', lossyRatio: '00282112',
  windowCenter: '00281050', windowWidth: '00281051', windowNames: '00281055', magnification: '00181114',
  ultrasoundRegions: '00186011', unitsX: '00186024', unitsY: '00186026', deltaX: '0018602C', deltaY: '0018602E', sharedGroups: '52009229', frameGroups: '52009230', laterality: '00200062', seriesSide: '00200060', viewPosition: '00185101', patientOrientation: '00200020', bodyPart: '00180015',
};

export const values = (dataset, name) => dataset?.[TAGS[name]]?.Value ?? [];
export const value = (dataset, name) => values(dataset, name)[0];
export const number = (dataset, name) => {
  const n = Number(value(dataset, name));
  return value(dataset, name) === undefined || Number.isNaN(n) ? undefined : n;
};

/** PersonName to "Family, Given"; PS3.5 6.2.1: family^given^middle^prefix^suffix. */
export function personName(dataset) {
  const raw = value(dataset, 'patientName');
  const name = typeof raw === 'string' ? raw : raw?.Alphabetic ?? raw?.Ideographic ?? raw?.Phonetic ?? '';
  const [family = '', given = '', middle = ''] = name.split('^').map((part) => part.trim());
  return [family, [given, middle].filter(Boolean).join(' ')].filter(Boolean).join(', ');
}

const MONTHS = [gettext('Jan'), gettext('Feb'), gettext('Mar'), gettext('Apr'), gettext('May'), gettext('Jun'), gettext('Jul'), gettext('Aug'), gettext('Sep'), gettext('Oct'), gettext('Nov'), gettext('Dec')];

/** DA value "20260312" to "12 Mar 2026"; month in letters because 03/12 is read differently in two countries. */
export function date(da) {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})/.exec(da ?? '');
  return match && MONTHS[match[2] - 1] ? `${Number(match[3])} ${MONTHS[match[2] - 1]} ${match[1]}` : '';
}

/** Series that hold no picture this viewer can draw, and how they are called. */
export const NOT_IMAGES = {
  SR: gettext('Structured report'), PR: gettext('Presentation state'), KO: gettext('Key object selection'), DOC: gettext('Document'), SEG: gettext('Segmentation'),
  RTSTRUCT: gettext('Radiotherapy structures'), RTPLAN: gettext('Radiotherapy plan'), RTDOSE: gettext('Radiotherapy dose'), RTRECORD: gettext('Radiotherapy record'),
  REG: gettext('Registration'), ECG: gettext('Waveform (ECG)'), HD: gettext('Waveform (haemodynamic)'), EPS: gettext('Waveform (electrophysiology)'), RESP: gettext('Waveform (respiration)'),
  AU: gettext('Audio'), FID: gettext('Fiducials'), PLAN: gettext('Plan'), M3D: gettext('3D model'), ANN: gettext('Annotations'),
};

/** Encapsulated PDF, CDA, STL, OBJ, MTL (PS3.4 table B.5-1). */
export const isDocument = (dataset) => String(value(dataset, 'sopClass') ?? '').startsWith('1.2.840.10008.5.1.4.1.1.104.');
/** Parametric maps hold numbers of their own kind, with a point (PS3.3 A.75): no grey values to draw. */
export const isMap = (dataset) => value(dataset, 'sopClass') === '1.2.840.10008.5.1.4.1.1.30';
export const hasImage = (dataset) => !isDocument(dataset) && !isMap(dataset) && number(dataset, 'rows') > 0 && number(dataset, 'columns') > 0;

const group = (dataset, sequence, functional, name) => {
  for (const item of [dataset?.[TAGS[sequence]]?.Value?.[0]]) {
    const found = values(item?.[functional]?.Value?.[0], name);
    if (found.length) return found.map(Number);
  }
  return [];
};
/** A geometry value of frame one, from the instance itself or from its functional groups (enhanced multi-frame). */
export function geometry(dataset, name) {
  const functional = { pixelSpacing: '00289110', position: '00209113', orientation: '00209116', sliceThickness: '00289110' }[name];
  const own = values(dataset, name).map(Number);
  return own.length ? own : [...group(dataset, 'frameGroups', functional, name), ...group(dataset, 'sharedGroups', functional, name)].slice(0, 6);
}

/** "R MLO": side and view of a projection or of one of a pair of organs, as the header says; '' when it does not. */
export function sideOf(dataset) {
  const side = [value(dataset, 'laterality'), value(dataset, 'seriesSide')].find((one) => ['R', 'L', 'B'].includes(one));
  return [side, value(dataset, 'viewPosition')].filter(Boolean).join(' ');
}

const CENTIMETRE = 3;   // PS3.3 C.8.5.5.1.1, Physical Units

const inCentimetres = (dataset) => (dataset?.[TAGS.ultrasoundRegions]?.Value ?? []).filter((region) => number(region, 'unitsX') === CENTIMETRE && number(region, 'unitsY') === CENTIMETRE);

/** Millimetres per pixel of an ultrasound image whose regions all agree (PS3.3 C.8.5.5), 0 otherwise. */
export function regionScale(dataset) {
  const steps = inCentimetres(dataset).flatMap((region) => ['deltaX', 'deltaY'].map((name) => Math.abs(number(region, name) ?? 0) * 10));
  return steps.length && steps.every((step) => step > 0 && Math.abs(step - steps[0]) < steps[0] * 0.01) ? steps[0] : 0;
}

/** How far a length on this image may be trusted: 'calibrated', 'detector' (projection, magnified) or 'none'. */
export function calibration(dataset) {
  if (geometry(dataset, 'pixelSpacing').length) return 'calibrated';
  if (inCentimetres(dataset).length) return 'calibrated';
  return values(dataset, 'imagerSpacing').length ? 'detector' : 'none';
}

/** Lossy Image Compression (0028,2110) "01": details may have been lost before the file came to us. */
export function lossy(dataset) {
  if (value(dataset, 'lossy') !== '01') return null;
  const ratios = values(dataset, 'lossyRatio').map(Number).filter((n) => n > 0);
  return { ratio: ratios.length ? ratios[ratios.length - 1] : undefined };
}

/** Frames a second the maker of a multi-frame object wanted; PS3.3 C.7.6.5 (Cine module). */
export function frameRate(dataset) {
  const wanted = number(dataset, 'displayRate') ?? number(dataset, 'cineRate');
  const perFrame = number(dataset, 'frameTime');
  const rate = wanted ?? (perFrame > 0 ? 1000 / perFrame : undefined);
  return rate > 0 ? Math.min(60, Math.max(1, Math.round(rate))) : 10;
}

/** Mends headers that would break drawing or measuring, before anything reads them. Changes and answers `dataset`. */
export function mend(dataset, modality) {
  for (const name of ['pixelSpacing', 'imagerSpacing']) {
    const spacing = values(dataset, name).map(Number);
    if (spacing.length && !(spacing.length >= 2 && spacing.every((mm) => mm > 0 && Number.isFinite(mm)))) delete dataset[TAGS[name]];   // "0\\0" is seen in the wild
  }
  if (!value(dataset, 'modality')) dataset[TAGS.modality] = { vr: 'CS', Value: [modality || 'OT'] };
  return dataset;
}

const spacingInFrames = (dataset) => Boolean(dataset[TAGS.frameGroups] || dataset[TAGS.sharedGroups]);

/** Millimetres per pixel [row, column] as far as the header tells: in the body, or on the detector of a projection. */
export function spacingOf(dataset) {
  const own = geometry(dataset, 'pixelSpacing');
  return own.length ? own.slice(0, 2) : values(dataset, 'imagerSpacing').map(Number).slice(0, 2);
}

/**
 * The header as the renderer needs it. It counts in millimetres only when an image has a place in space too, so a projection with a
 * spacing is laid flat at the origin. A copy: what is written on screen comes from the true header.
 */
export function forRenderer(dataset) {
  const spacing = spacingOf(dataset);
  if (!spacing.length || spacingInFrames(dataset) || geometry(dataset, 'position').length === 3) return dataset;
  const decimals = (Value) => ({ vr: 'DS', Value });
  return {
    ...dataset, [TAGS.pixelSpacing]: decimals(spacing), [TAGS.position]: decimals([0, 0, 0]),
    [TAGS.orientation]: dataset[TAGS.orientation]?.Value?.length === 6 ? dataset[TAGS.orientation] : decimals([1, 0, 0, 0, 1, 0]),
  };
}

/** MONOCHROME1: low values are bright (PS3.3 C.7.6.3.1.2). */
export const naturallyInverted = (dataset) => value(dataset, 'photometric') === 'MONOCHROME1';
