import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibration, date, forRenderer, frameRate, geometry, hasImage, isDocument, lossy, mend, personName } from './dicom.js';
import { imageKey, mergeStates, sameRow, sameState } from './merge.js';
import { likeness, missing, nearest, runAround, sortInstances, sortSeries } from './order.js';
import { edges, edgesOfProjection, letters, planeName } from './orientation.js';
import { autoWindow, presetsFor, rangeOf, windowOf } from './presets.js';
import { figures } from './figures.js';
import { levelsOf, ruler } from './slide.js';
import { along, covers, distance, intersection, meeting, nearestAlong, nearestTo, planeFrom, turnedNormal } from './space.js';
import { anglesFor, block, cut, planeOf, readPlane, writePlane } from './volume.js';

const dataset = (values) => Object.fromEntries(Object.entries(values).map(([tag, value]) => [tag, { Value: [].concat(value) }]));

test('letters name the strongest axis first and leave out weak ones', () => {
  assert.equal(letters([1, 0, 0]), 'L');
  assert.equal(letters([0, -1, 0]), 'A');
  assert.equal(letters([0, 0, 2]), 'H');
  assert.equal(letters([0, -0.8, -0.6]), 'AF');
  assert.equal(letters([0.999, 0.04, 0]), 'L');
  assert.equal(letters([0, 0, 0]), '');
});

test('edges of an unturned axial slice are R, L, A, P as radiology shows them', () => {
  assert.deepEqual(edges([1, 0, 0], [0, 1, 0]), { right: 'L', left: 'R', bottom: 'P', top: 'A' });
});

test('a projection takes its letters from Patient Orientation, mirrored and turned too', () => {
  assert.deepEqual(edgesOfProjection(['L', 'F'], [1, 0], [0, 1]), { right: 'L', left: 'R', bottom: 'F', top: 'H' });
  assert.deepEqual(edgesOfProjection(['L', 'F'], [-1, 0], [0, 1]), { right: 'R', left: 'L', bottom: 'F', top: 'H' });
  assert.deepEqual(edgesOfProjection(['L', 'F'], [0, -1], [1, 0]), { right: 'H', left: 'F', bottom: 'L', top: 'R' });
  assert.equal(edgesOfProjection(['A', 'FR'], [1, 0], [0, 1]).top, 'HL');
});

test('planeName tells the three planes and an oblique one', () => {
  assert.equal(planeName([1, 0, 0, 0, 1, 0]), 'axial');
  assert.equal(planeName([0, 1, 0, 0, 0, -1]), 'sagittal');
  assert.equal(planeName([1, 0, 0, 0, 0, -1]), 'coronal');
  assert.equal(planeName([0.7, 0.7, 0, 0, 0.1, -1]), 'oblique');
  assert.equal(planeName([]), '');
});

test('presets put the file first, then the CT table, then the full range', () => {
  const file = dataset({ '00281050': [40, -600], '00281051': [400, 1500], '00281055': ['MEDIASTINUM', 'LUNG'] });
  const names = presetsFor('CT', file).map((preset) => preset.name);
  assert.deepEqual(names.slice(0, 3), ['MEDIASTINUM', 'LUNG', 'Soft tissue']);
  assert.equal(names.at(-1), 'Full range');
  assert.deepEqual(presetsFor('MR', {}).map((preset) => preset.name), ['Best contrast', 'Dark parts', 'Bright parts', 'Full range']);
});

test('presets drop a stored window that is no window', () => {
  assert.deepEqual(presetsFor('MR', dataset({ '00281050': [40], '00281051': [0], '00280002': 3 })).map((preset) => preset.name), ['Full range']);
});

test('window and range are each other\'s inverse', () => {
  assert.deepEqual(rangeOf({ width: 400, center: 40 }), { lower: -160, upper: 239 });
  assert.deepEqual(windowOf({ lower: -160, upper: 239 }), { width: 400, center: 40 });
});

test('instances go by number, then by place, then by UID', () => {
  const slice = (n, z, uid) => dataset({ '00200013': n === null ? [] : n, '00200032': [0, 0, z], '00200037': [1, 0, 0, 0, 1, 0], '00080018': uid });
  const order = (list) => sortInstances(list).map((d) => d['00080018'].Value[0]);
  assert.deepEqual(order([slice(10, 0, 'c'), slice(9, 5, 'b'), slice(2, 9, 'a')]), ['a', 'b', 'c']);
  assert.deepEqual(order([slice(null, 3, 'y'), slice(null, 1, 'x')]), ['x', 'y']);
  assert.deepEqual(order([slice(1, 1, 'b'), slice(1, 1, 'a')]), ['a', 'b']);
});

test('series go by number and those without one come last', () => {
  const list = [{ uid: '3', description: 'x' }, { uid: '2', number: 12, description: 'x' }, { uid: '1', number: 2, description: 'x' }];
  assert.deepEqual(sortSeries(list).map((s) => s.uid), ['1', '2', '3']);
});

test('nearest walks outwards from the current image and stops when nothing is wanted', () => {
  const loaded = new Set();
  const order = [];
  for (let next = nearest(5, 2, (i) => !loaded.has(i)); next !== -1; next = nearest(5, 2, (i) => !loaded.has(i))) { order.push(next); loaded.add(next); }
  assert.deepEqual(order, [2, 3, 1, 4, 0]);
  assert.equal(nearest(0, 0, () => true), -1);
});

test('person names, dates and rates are made readable', () => {
  assert.equal(personName(dataset({ '00100010': { Alphabetic: 'Example^Testina^Maria' } })), 'Example, Testina Maria');
  assert.equal(personName({}), '');
  assert.equal(date('20260312'), '12 Mar 2026');
  assert.equal(date('2026'), '');
  assert.equal(frameRate(dataset({ '00181063': 33.3 })), 30);
  assert.equal(frameRate({}), 10);
});

test('calibration is detector for imager spacing only, none without any, calibrated from functional groups', () => {
  assert.equal(calibration({}), 'none');
  assert.equal(calibration(dataset({ '00181164': [0.1, 0.1] })), 'detector');
  assert.equal(calibration(dataset({ '00280030': [0.5, 0.5] })), 'calibrated');
  const region = (unit) => ({ '00186011': { Value: [dataset({ '00186024': unit, '00186026': unit })] } });
  assert.equal(calibration(region(3)), 'calibrated');
  assert.equal(calibration(region(4)), 'none');
  const measures = { '00289110': { Value: [dataset({ '00280030': [0.5, 0.25] })] } };
  assert.deepEqual(geometry({ 52009229: { Value: [measures] } }, 'pixelSpacing'), [0.5, 0.25]);
  assert.equal(calibration({ 52009229: { Value: [measures] } }), 'calibrated');
});

test('lossy compression is told with its last ratio', () => {
  assert.equal(lossy(dataset({ '00282110': '00' })), null);
  assert.deepEqual(lossy(dataset({ '00282110': '01', '00282112': [4, 12.5] })), { ratio: 12.5 });
});

test('a document is not an image even when it has rows', () => {
  assert.equal(isDocument(dataset({ '00080016': '1.2.840.10008.5.1.4.1.1.104.1' })), true);
  assert.equal(hasImage(dataset({ '00280010': 512, '00280011': 512 })), true);
  assert.equal(hasImage(dataset({ '00080016': '1.2.840.10008.5.1.4.1.1.104.1', '00280010': 5, '00280011': 5 })), false);
  assert.equal(hasImage({}), false);
});

test('merging keeps my changes and removals and their additions', () => {
  const row = (uid, n = 0) => ({ uid, n });
  const base = { measurements: [row('kept'), row('mine-changed'), row('mine-removed'), row('theirs-removed')], keyImages: [] };
  const mine = { measurements: [row('kept'), row('mine-changed', 1), row('theirs-removed'), row('mine-new')], keyImages: [{ series: 's', instance: 'i', frame: 1 }] };
  const theirs = { measurements: [row('kept'), row('mine-changed'), row('mine-removed'), row('theirs-new')], keyImages: [{ series: 's', instance: 'i', frame: 2 }] };
  const merged = mergeStates(base, mine, theirs);
  assert.deepEqual(merged.measurements.map((r) => r.uid).sort(), ['kept', 'mine-changed', 'mine-new', 'theirs-new']);
  assert.equal(merged.measurements.find((r) => r.uid === 'mine-changed').n, 1);
  assert.deepEqual(merged.keyImages.map(imageKey).sort(), ['s/i/1', 's/i/2']);
});

test('a measurement that was only shown again is no change, so what another window did to it stays', () => {
  const saved = { uid: 'a', points: [[1, 2, 3]], stats: { length: 44.6115 }, label: '' };
  const shown = { label: '', uid: 'a', stats: { length: 44.6114 }, points: [[1, 2, 3]] };
  assert.ok(sameRow(saved, shown));
  assert.ok(sameRow(saved, { ...shown, stats: {} }));
  assert.ok(!sameRow({ ...saved, stats: {} }, shown));
  assert.ok(!sameRow(saved, { ...shown, points: [[1, 2, 4]] }));
  const moved = { ...saved, points: [[9, 9, 9]] };
  assert.deepEqual(mergeStates({ measurements: [saved] }, { measurements: [shown] }, { measurements: [moved] }).measurements, [moved]);
  assert.ok(sameState({ measurements: [saved], keyImages: [] }, { measurements: [shown], keyImages: [] }));
  assert.ok(!sameState({ measurements: [saved], keyImages: [] }, { measurements: [shown], keyImages: [{ series: 's', instance: 'i', frame: 1 }] }));
});

test('the scale of a slide is a round length that fits, in the unit that suits it', () => {
  const [level] = levelsOf([dataset({ '00480006': 1000, '00480007': 500, '00280010': 256, '00280011': 256, '00480001': 0.5 })]);
  assert.equal(level.spacing, 0.0005);
  assert.deepEqual(ruler(level.spacing), { mm: 0.05, width: 100, label: '50 µm' });
  assert.equal(ruler(0.02).label, '2 mm');
  assert.equal(ruler(0.25).label, '2 cm');
  assert.equal(ruler(NaN), null);
});

test('mend drops a spacing that is no spacing and gives a missing modality a name', () => {
  const broken = mend(dataset({ '00280030': [0, 0], '00181164': [0.1, 0.1] }), '');
  assert.equal(broken['00280030'], undefined);
  assert.equal(calibration(broken), 'detector');
  assert.equal(broken['00080060'].Value[0], 'OT');
  assert.deepEqual(mend(dataset({ '00280030': [0.5, 0.5], '00080060': 'CT' }), 'CT')['00280030'].Value, [0.5, 0.5]);
});

const slices = (distances, more = () => ({})) => distances.map((z, i) => ({ dataset: dataset({ '00280010': 2, '00280011': 3, '00280002': 1, '00280030': [0.5, 0.25],
  '00200037': [1, 0, 0, 0, 1, 0], '00200032': [0, 0, z], ...more(i) }) }));

test('a straight block is put head first with its spacing', () => {
  const found = block(slices([0, 2, 4, 6]));
  assert.deepEqual(found.order, [3, 2, 1, 0]);
  assert.deepEqual(found.spacing, [0.25, 0.5, 2]);
  assert.deepEqual(found.origin, [0, 0, 6]);
});

test('no block is made of few, uneven, tilted, mixed, coloured or placeless slices', () => {
  assert.equal(block(slices([0, 1])).refused, 'few');
  assert.equal(block(slices([0, 1, 2, 5])).refused, 'uneven');
  assert.equal(block(slices([0, 0, 1, 1])).refused, 'uneven');
  assert.equal(block(slices([0, 1, 2, 3], (i) => ({ '00200032': [0, i * 0.3, i] }))).refused, 'tilted');
  assert.equal(block(slices([0, 1, 2, 3], (i) => (i === 2 ? { '00280010': 4 } : {}))).refused, 'mixed');
  assert.equal(block(slices([0, 1, 2, 3], () => ({ '00280002': 3 }))).refused, 'colour');
  assert.equal(block(slices([0, 1, 2, 3], () => ({ '00200032': [] }))).refused, 'geometry');
});

test('cutting takes the right pixels and puts the plane where they were', () => {
  const found = block(slices([0, 2, 4, 6]));
  const top = (index) => Int16Array.from([0, 1, 2, 3, 4, 5], (n) => n + 10 * index);   // rows of three: value = 10 * slice + position
  const ordered = found.order.map(top);
  assert.deepEqual([...cut(found, ordered, 'coronal', 1)].slice(0, 3), [33, 34, 35]);
  assert.deepEqual([...cut(found, ordered, 'sagittal', 2)], [32, 35, 22, 25, 12, 15, 2, 5]);
  const plane = planeOf(found, 'sagittal', 2);
  assert.deepEqual([plane.width, plane.height, plane.count, plane.rowSpacing, plane.columnSpacing], [2, 4, 3, 2, 0.5]);
  assert.deepEqual(plane.position, [0.5, 0, 6]);
  assert.deepEqual(plane.cosines.map((n) => n + 0), [0, 1, 0, 0, 0, -1]);
});

test('a projection is laid flat for the renderer with its spacing, its own header stays as it was', () => {
  const film = dataset({ '00181164': [0.1, 0.2] });
  const flat = forRenderer(film);
  assert.deepEqual(flat['00280030'].Value, [0.1, 0.2]);
  assert.deepEqual(flat['00200032'].Value, [0, 0, 0]);
  assert.deepEqual(geometry(film, 'orientation'), []);
  const placed = dataset({ '00280030': [1, 1], '00200032': [0, 0, 5], '00200037': [1, 0, 0, 0, 1, 0] });
  assert.equal(forRenderer(placed), placed);
  assert.deepEqual(forRenderer({}), {});
});

const plane = (origin, rowCosines, columnCosines, more = {}) => planeFrom({ frameOfReferenceUID: '1.2', imagePositionPatient: origin, rowCosines, columnCosines, rows: 100, columns: 100, rowPixelSpacing: 1, columnPixelSpacing: 1, ...more });
const axial = (z) => plane([0, 0, z], [1, 0, 0], [0, 1, 0]);

test('a coronal plane cuts an axial one in a line from side to side', () => {
  const coronal = plane([0, 40, 100], [1, 0, 0], [0, 0, -1]);
  assert.deepEqual(intersection(axial(30), coronal), [[100, 40, 30], [0, 40, 30]]);
  assert.equal(intersection(axial(300), coronal), null);
  assert.equal(intersection(axial(30), axial(30)), null);
});

test('places are found by millimetres along the normal and by distance from a point', () => {
  const planes = [0, 5, 10, 15].map(axial);
  assert.equal(nearestAlong(planes, [0, 0, 1], 11), 2);
  assert.equal(nearestAlong([null, axial(4)], [0, 0, 1], 0), 1);
  assert.equal(nearestTo(planes, [3, 3, 13]), 3);
  assert.equal(along(axial(7)), 7);
  assert.equal(distance(axial(7), [1, 1, 9]), 2);
  assert.ok(covers(axial(0), [50, 99, 3]));
  assert.ok(!covers(axial(0), [50, 101, 3]));
  assert.equal(planeFrom({ imagePositionPatient: [0, 0, 0] }), null);
});

test('a pack takes neighbours in the order of the server only, from the wanted image outwards', () => {
  const images = [0, 1, 2, 3, 7, 8, 9].map((order) => ({ order }));
  assert.deepEqual(runAround(images, 2, 10, () => true), [0, 4]);
  assert.deepEqual(runAround(images, 5, 2, () => true), [5, 7]);
  assert.deepEqual(runAround(images, 2, 10, (i) => i !== 1), [2, 4]);
  assert.deepEqual(runAround(images, 2, 10, () => false), [2, 2]);
});

test('an image that its pack did not bring is asked for by itself, and of no pack again', () => {
  const series = { images: ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, alone: id === 'b' })), loaded: new Set(['c']), failed: new Map([['d', 0]]) };
  const asked = (single, running = new Set()) => series.images.flatMap(({ id }, i) => (missing(series, running, single)(i) ? id : []));
  assert.deepEqual([asked(false), asked(true)], [['a', 'e'], ['b']]);
  assert.deepEqual([asked(false, new Set(['a', 'b'])), asked(true, new Set(['a', 'b']))], [['e'], []]);
  series.unpacked = true;
  assert.deepEqual([asked(false), asked(true)], [[], ['a', 'b', 'e']]);
});

test('a window from the picture itself leaves out the extreme pixels and counts in the modality\'s units', () => {
  const pixels = Int16Array.from({ length: 1001 }, (_, i) => i);
  assert.deepEqual(rangeOf(autoWindow(pixels, [0.01, 0.99])), { lower: 10, upper: 990 });
  assert.deepEqual(rangeOf(autoWindow(pixels, [0, 1], { slope: 2, intercept: -100 })), { lower: -100, upper: 1900 });
  assert.equal(autoWindow(new Int16Array(5), [0.01, 0.99]), null);
});

test('a plane turned by 90 degrees is the other plane, and a thick one holds the brightest values', () => {
  const [columns, rows] = [5, 5];
  const slices = [0, 1].map((z) => Float32Array.from({ length: 25 }, (_, i) => z * 100 + i));
  const found = { order: [0, 1], normal: [0, 0, 1], across: [1, 0, 0], down: [0, 1, 0], spacing: [1, 1, 2], origin: [0, 0, 2], columns, rows };
  const straight = cut(found, slices, 'coronal', 2);
  assert.deepEqual([...straight], [10, 11, 12, 13, 14, 110, 111, 112, 113, 114]);
  assert.deepEqual([...cut(found, slices, 'coronal~2', 2)], [15, 16, 17, 18, 19, 115, 116, 117, 118, 119]);
  const turned = planeOf(found, 'coronal@90', 0);
  assert.equal(turned.width, 8);
  const middle = cut(found, slices, 'coronal@45', 3.5, -1);
  assert.ok(Math.abs(Math.max(...middle) - 124) < 3, 'the diagonal reaches the far corner');
  assert.equal(middle[0], -1, 'and leaves the block before its own ends');
  const [x, y] = planeOf(found, 'coronal@45', 3.5).position;
  assert.ok(Math.abs(x - y) < 1e-9 && x < 0);
  assert.deepEqual([...cut(found, slices, 'axial~4', 0)].slice(0, 2), [100, 101]);
});

test('planes are written and read as names', () => {
  for (const name of ['axial', 'coronal@30', 'sagittal@-20~10', 'axial~40', 'axial@5^-40', 'coronal^7~20']) assert.equal(writePlane(readPlane(name)), name);
});

test('a plane turned and tilted anyhow holds what lies where it says, and its normal gives its angles back', () => {
  const [columns, rows, count] = [24, 20, 16];
  const [across, down, normal] = [[0.8, 0.6, 0], [0, 0, -1], [-0.6, 0.8, 0]];
  const found = { order: [...Array(count).keys()], normal, across, down, spacing: [0.5, 0.7, 1.1], origin: [10, -20, 30], columns, rows };
  const at = (x, y, z) => [0, 1, 2].map((i) => found.origin[i] + across[i] * x * 0.5 + down[i] * y * 0.7 - normal[i] * z * 1.1);
  const ramp = ([x, y, z]) => 1000 + 3 * x - 5 * y + 7 * z;
  const slices = found.order.map((z) => Float64Array.from({ length: columns * rows }, (_, i) => ramp(at(i % columns, Math.floor(i / columns), z))));
  for (const name of ['coronal@20^30', 'axial@-35^15', 'sagittal^-40', 'axial^90', 'sagittal@60']) {
    const { width, height, count: planes, columnSpacing, rowSpacing } = planeOf(found, name, 0);
    let seen = 0;
    for (const k of [Math.floor(planes / 3), Math.floor(planes / 2)]) {
      const { position, cosines } = planeOf(found, name, k);
      const pixels = cut(found, slices, name, k, -1);
      assert.equal(pixels.length, width * height);
      pixels.forEach((value, i) => {
        if (value === -1) return;
        seen += 1;
        const place = position.map((n, axis) => n + cosines[axis] * (i % width) * columnSpacing + cosines[axis + 3] * Math.floor(i / width) * rowSpacing);
        assert.ok(Math.abs(value - ramp(place)) < 1e-3, `${name}: ${value} is not ${ramp(place)}`);
      });
    }
    assert.ok(seen > 200, `${name} shows ${seen}`);
    const { base, turn, tilt } = readPlane(name);
    const { cosines } = planeOf(found, name, 0);
    const [a, b] = [cosines.slice(0, 3), cosines.slice(3)];
    const out = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    if (Math.abs(tilt) < 90) assert.deepEqual(anglesFor(found, base, out), { turn, tilt }, name);
  }
});

test('three planes meet in a point, and a line turned in one window turns its plane as far', () => {
  const plane = (origin, normal) => ({ origin, normal });
  const three = [plane([0, 0, 5], [0, 0, 1]), plane([3, 9, 9], [1, 0, 0]), plane([8, -2, 1], [0, -1, 0])];
  assert.deepEqual(meeting(three).map((n) => Math.round(n)), [3, -2, 5]);
  assert.equal(meeting([three[0], three[0], three[1]]), null);
  const turned = turnedNormal(three[0], three[1], [0, 1, 0], [1, 1, 0]);
  assert.ok(Math.abs(turned[0] - Math.SQRT1_2) < 1e-9 && Math.abs(turned[1] + Math.SQRT1_2) < 1e-9, 'by 45 degrees');
});

test('beside an image stands the earlier one of its side, before one of no known side and one of the other', () => {
  const series = (study, side) => ({ study, modality: 'DX', region: 'KNEE', description: 'AP', side });
  const now = series('now', 'R');
  const order = [series('now', 'L'), series('then', 'L'), series('then', ''), series('then', 'R')].sort((a, b) => likeness(b, now) - likeness(a, now));
  assert.deepEqual(order.map(({ study, side }) => `${study} ${side}`), ['then R', 'then ', 'then L', 'now L']);
});

test('an area on a colour picture has its size, and no mean of three colours', () => {
  const stats = { mean: [1, 2, 3], stdDev: [0, 0, 0], area: 2123.7, areaUnit: 'mm²', modalityUnit: ['raw', 'raw', 'raw'] };
  assert.equal(figures({ tool: 'ellipse', stats }), 'area 2124 mm²');
  assert.equal(figures({ tool: 'rectangle', stats: { ...stats, mean: 41, modalityUnit: 'HU' } }), 'mean 41.0 HU, area 2124 mm²');
  assert.equal(figures({ tool: 'probe', stats: { value: [1, 2, 3], modalityUnit: ['raw', 'raw', 'raw'] } }), '1, 2, 3');
});
