import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Series } from './catalog.js';
import { calibration, regionScale, sideOf } from './dicom.js';
import { curve, drawingsFor } from './marks.js';
import { onSlide, shapesOfAnnotations } from './slidemarks.js';
import { entriesFor, outline, seriesNamed, shapesOfSegmentation, shapesOfStructures } from './shapes.js';
import { hasPlanes } from './planesover.js';
import { areaFor, shutterOf } from './shutter.js';

const value = (...Value) => ({ Value });
const area = (loop) => loop.reduce((sum, [x, y], i) => { const [u, v] = loop[(i + 1) % loop.length]; return sum + (x * v - u * y) / 2; }, 0);

test('an outline runs along the borders of the pixels, holes turning the other way', () => {
  const rows = ['......', '.###..', '.#.#..', '.###..', '......', '.....#'].join('');
  const loops = outline((i) => rows[i] === '#', 6, 6);
  assert.deepEqual(loops.map((loop) => Math.abs(area(loop))).sort(), [1, 1, 9]);
  assert.equal(loops.reduce((sum, loop) => sum + area(loop), 0), 9, 'pixels inside');
  assert.equal(loops.find((loop) => Math.abs(area(loop)) === 9).length, 4, 'corners only');
  assert.deepEqual(outline(() => false, 3, 3), []);
  assert.deepEqual(outline(() => true, 2, 2).map((loop) => loop.length), [4]);
});

const group = (segment, z, instance) => ({
  '0062000A': value({ '0062000B': value(segment) }), '00209113': value({ '00200032': value(10, 20, z) }),
  '00089124': value({ '00082112': value({ '00081155': value(instance) }) }),
});
const segmentation = (more = {}) => ({
  '00280010': value(2), '00280011': value(3), '00620001': value('BINARY'), '00200052': value('1.9'),
  '00620002': value({ '00620004': value(1), '00620005': value('liver') }, { '00620004': value(2), '0062000F': value({ '00080104': value('Spleen') }) }),
  '52009229': value({ '00209116': value({ '00200037': value(1, 0, 0, 0, 1, 0) }), '00289110': value({ '00280030': value(2, 0.5), '00180050': value(3) }) }),
  '52009230': value(group(1, 5, '1.2'), group(2, 8, '1.3')), '00081115': value({ '0020000E': value('1.7') }), ...more,
});

test('a segmentation lies in the body where its frames say, and a lost frame is counted', () => {
  const found = shapesOfSegmentation(segmentation(), (i) => (i ? null : Uint8Array.of(0, 1, 0, 0, 0, 0)));
  assert.deepEqual(found.parts, [{ number: 1, label: 'liver' }, { number: 2, label: 'Spleen' }]);
  assert.equal(found.left, 1);
  const [entry] = found.entries;
  const sorted = entry.loops[0].map((point) => point.join()).sort();
  assert.deepEqual(sorted, ['10.25,19,5', '10.25,21,5', '10.75,19,5', '10.75,21,5'], 'half a millimetre across, two down, about the centre of the pixel');
  assert.deepEqual(seriesNamed(segmentation()), ['1.7']);
  const plane = { frame: '1.9', origin: [0, 0, 5.2], normal: [0, 0, 1] };
  assert.equal(entriesFor(found, { instance: '1.2', frame: 1 }, null).length, 1);
  assert.equal(entriesFor(found, { instance: '1.4', frame: 1 }, plane).length, 0, 'it names another image');
  assert.equal(entriesFor(found, null, plane).length, 1, 'a cut plane takes what lies in it');
  assert.equal(entriesFor(found, null, { ...plane, origin: [0, 0, 9] }).length, 0);
  assert.equal(entriesFor(found, null, { ...plane, frame: '1.8' }).length, 0);
});

test('fractions are outlined from a half on, a label map by its numbers', () => {
  const half = shapesOfSegmentation(segmentation({ '00620001': value('FRACTIONAL'), '0062000E': value(200) }), () => Uint8Array.of(99, 100, 200, 0, 0, 0));
  assert.equal(Math.abs(area(half.entries[0].loops[0].map(([x, y]) => [x, y]))), 2);
  const map = shapesOfSegmentation(segmentation({ '00620001': value('LABELMAP') }), (i) => (i ? Uint8Array.of(0, 0, 0, 0, 0, 2) : Uint8Array.of(1, 2, 0, 0, 0, 0)));
  assert.deepEqual(map.entries.map(({ part }) => part), [1, 2, 2]);
});

test('contours of a structure set keep their places, and a shortened one is left out', () => {
  const contour = (points, said, type = 'CLOSED_PLANAR') => ({ '30060042': value(type), '30060046': value(said), '30060050': value(...points) });
  const found = shapesOfStructures({
    '30060020': value({ '30060022': value(7), '30060026': value('PTV') }),
    '30060039': value({ '30060084': value(7), '30060040': value(contour([0, 0, 4, 1, 0, 4, 1, 1, 4], 3), contour([0, 0, 4], 900), contour([2, 2, 4], 1, 'POINT')) }),
    '30060010': value({ '00200052': value('1.9'), '30060012': value({ '30060014': value({ '0020000E': value('1.5') }) }) }),
  });
  assert.deepEqual(found.parts, [{ number: 7, label: 'PTV' }]);
  assert.deepEqual([found.left, found.entries.length, found.entries[1].open, found.frame], [1, 2, true, '1.9']);
  assert.equal(entriesFor(found, { instance: '1', frame: 1 }, { frame: '1.9', origin: [5, 5, 4.5], normal: [0, 0, 1] }).length, 2);
});

test('shutters leave what their edges enclose, row before column', () => {
  assert.deepEqual(shutterOf({ '00181600': value('RECTANGULAR'), '00181602': value(11), '00181604': value(20), '00181606': value(3), '00181608': value(8) }), [[[10, 2], [20, 2], [20, 8], [10, 8]]]);
  assert.deepEqual(shutterOf({ '00181600': value('POLYGONAL'), '00181620': value(1, 2, 3, 4, 5, 2) }), [[[1.5, 0.5], [3.5, 2.5], [1.5, 4.5]]]);
  const [circle] = shutterOf({ '00181600': value('CIRCULAR'), '00181610': value(50, 30), '00181612': value(10) });
  assert.ok(circle.every(([x, y]) => Math.abs(Math.hypot(x - 29.5, y - 49.5) - 10) < 1e-9));
  assert.deepEqual([shutterOf({}), shutterOf({ '00181600': value('RECTANGULAR') })], [[], []]);
});

test('the displayed area is that of the image, from its first pixel to its last', () => {
  const areas = [{ '00081140': value({ '00081155': value('1.2') }), '00700052': value(5, 9), '00700053': value(24, 18), '00700100': value('SCALE TO FIT') }];
  assert.deepEqual(areaFor(areas, { instance: '1.2' }), { left: 4, top: 8, right: 24, bottom: 18, mode: 'SCALE TO FIT', spacing: [], magnification: undefined });
  assert.deepEqual([areaFor(areas, { instance: '1.3' }), areaFor(undefined, { instance: '1.3' })], [null, null]);
});

test('marks keep the corner of the image as their origin', () => {
  const mark = { annotations: [{ graphics: [{ units: 'PIXEL', type: 'POLYLINE', points: [0, 0, 3, 4] }], texts: [] }] };
  assert.deepEqual(drawingsFor(mark, { instance: '1' })[0].points, [[0, 0], [3, 4]]);
});

test('what is placed on the display lies on the displayed area, and curves go through their points', () => {
  const mark = { annotations: [{ graphics: [{ units: 'DISPLAY', type: 'POLYLINE', points: [0, 0, 0.5, 1] }, { units: 'PIXEL', type: 'INTERPOLATED', points: [0, 0, 3, 3, 6, 0] }], texts: [{ units: 'DISPLAY', text: 'a', box: [0.5, 0.5, 1, 1], anchor: [] }] }] };
  const area = { left: 10, top: 20, right: 30, bottom: 60 };
  assert.deepEqual(drawingsFor(mark, { instance: '1' }, area).map(({ kind, points }) => [kind, points]), [['line', [[10, 20], [20, 60]]], ['curve', [[0, 0], [3, 3], [6, 0]]], ['text', [[20, 40]]]]);
  assert.deepEqual([drawingsFor(mark, { instance: '1' }), drawingsFor({ ...mark, flip: true }, { instance: '1' }, area)].map((one) => one.map(({ kind }) => kind)), [['curve'], ['curve']]);
  assert.equal(curve([[0, 0], [3, 3], [6, 0]]), 'M0 0C0.50 0.50,2.00 3.00,3.00 3.00C4.00 3.00,5.50 0.50,6.00 0.00');
});

test('side and view come from the image before the series', () => {
  assert.equal(sideOf({ '00200062': value('R'), '00200060': value('L'), '00185101': value('MLO') }), 'R MLO');
  assert.equal(sideOf({ '00200060': value('L') }), 'L');
  assert.equal(sideOf({ '00200062': value('U') }), '');
});

test('a length is trusted as far as the header allows', () => {
  const region = (x, y) => ({ '00186011': value({ '00186024': value(x), '00186026': value(y) }) });
  assert.equal(calibration({ '00280030': value(0.5, 0.5) }), 'calibrated');
  assert.equal(calibration(region(3, 3)), 'calibrated');
  assert.equal(calibration(region(4, 3)), 'none', 'seconds across: no length');
  assert.equal(calibration({ '00181164': value(0.1, 0.1) }), 'detector');
  assert.equal(calibration({}), 'none');
});

test('an ultrasound has a scale when its regions agree', () => {
  const region = (x, y, units = 3) => ({ '00186024': value(units), '00186026': value(units), '0018602C': value(x), '0018602E': value(y) });
  assert.equal(regionScale({ '00186011': value(region(0.02, 0.02), region(-0.02, 0.02), region(0.5, 0.5, 4)) }), 0.2, 'seconds do not count');
  assert.equal(regionScale({ '00186011': value(region(0.02, 0.02), region(0.03, 0.03)) }), 0);
  assert.equal(regionScale({ '00186011': value(region(0.02, 0.04)) }), 0);
  assert.equal(regionScale({}), 0);
});

test('every key does one thing', () => {
  const keys = [...readFileSync(new URL('commands.js', import.meta.url), 'utf8').matchAll(/\[('[^\]]*'|'\]')\]/g)].flatMap(([, list]) => list.split(', '));
  assert.ok(keys.length > 45);
  assert.deepEqual(keys.filter((key, i) => keys.indexOf(key) !== i), []);
});

test('a film is no image of its stack; what lacks readable pixels is one place of it, and no frame that the server counts', async () => {
  const frame = (sop, frames, more) => ({ '00080018': value(sop), '00280010': value(8), '00280011': value(8), '00280008': value(frames), ...more });
  const pixels = { '7FE00010': { BulkDataURI: '/' } };
  const api = { metadata: async () => [frame('1.1', 1, pixels), frame('1.2', 90), frame('1.25', 100), frame('1.3', 2, pixels)], frameUrl: ({ instance }) => instance };
  const series = new Series(api, { uid: '1', beside: { papers: [], videos: [{ series: '1.0', instance: '1.2' }], marks: [] } }, { '0020000E': value('1.0'), '00080060': value('ES') });
  assert.deepEqual((await series.load()).images.map(({ place, order }) => [place.instance, place.frame, order]), [['1.1', 1, 0], ['1.25', 1, 1], ['1.3', 1, 1], ['1.3', 2, 2]]);
});

test('an image has overlay planes when a group from 6000 to 601E says so', () => {
  assert.deepEqual([{ '60000010': value(4) }, { '601E3000': {} }, { '60020040': value('G') }, { '60010010': value(4) }, { '00280010': value(4) }].map(hasPlanes), [true, true, false, false, false]);
});

const f64 = (...numbers) => ({ vr: 'OD', InlineBinary: Buffer.from(Float64Array.from(numbers).buffer).toString('base64') });
const u32 = (...numbers) => ({ vr: 'OL', BulkDataURI: `x:${numbers}` });
const fetched = async (uri) => new Uint8Array(Uint32Array.from(uri.slice(2).split(',').map(Number)).buffer);
const level = (instance, width, lay = {}) => ({ '00080018': value(instance), '00480006': value(width), '00480007': value(width), '00280010': value(10), '00280011': value(10), ...lay });

test('annotations of a slide lie where they say, on its largest level', async () => {
  const group = (number, kind, count, points, more = {}) => ({ '0040A180': value(number), '006A0005': value(`part ${number}`), '00700023': value(kind), '006A000C': value(count), '00660022': f64(...points), ...more });
  const shapes = await shapesOfAnnotations({
    '006A0001': value('2D'), '00480301': value('VOLUME'),
    '006A0002': value(
      group(1, 'POINT', 2, [1, 2, 3, 4]),
      group(2, 'POLYGON', 2, [0, 0, 4, 0, 4, 4, 9, 9, 8, 9, 8, 8], { '00660040': u32(1, 7) }),
      group(3, 'POLYLINE', 5, [0, 0, 1, 1]),
      group(4, 'ELLIPSE', 1, [0, 5, 10, 5, 5, 2, 5, 8]),
    ),
  }, fetched);
  assert.deepEqual([shapes.parts[3], shapes.left, shapes.entries.length], [{ number: 4, label: 'part 4' }, 5, 3]);
  const slide = onSlide({ ...shapes, images: ['small'] }, {}, [level('small', 20), level('large', 40)]);
  assert.deepEqual(slide.entries[0].dots, [[2, 4], [6, 8]]);
  assert.deepEqual(slide.entries[1].loops, [[[0, 0], [8, 0], [8, 8]], [[18, 18], [16, 18], [16, 16]]]);
  const [round] = slide.entries[2].loops;
  assert.ok(round.every(([x, y]) => Math.abs(((x - 10) / 10) ** 2 + ((y - 10) / 6) ** 2 - 1) < 1e-9));
});

test('places in millimetres of the slide are found by how it lies, and not at all when it does not say', async () => {
  const shapes = await shapesOfAnnotations({ '006A0001': value('3D'), '006A0002': value({ '00700023': value('POINT'), '00660022': f64(19.5, 29, 0.1) }) }, fetched);
  const lay = { '00480102': value(0, -1, 0, -1, 0, 0), '00480008': value({ '0040072A': value(20), '0040073A': value(30) }), '00280030': value(0.5, 0.25) };
  assert.deepEqual(onSlide(shapes, {}, [level('1', 40, lay)]).entries[0].dots, [[4.5, 1.5]]);
  assert.deepEqual([onSlide(shapes, {}, [level('1', 40)]).entries.length, onSlide(shapes, {}, [level('1', 40)]).left], [0, 1]);
});

test('a segmentation of a slide lies tile by tile, said or in full tiling', () => {
  const base = { '00080018': value('s'), '00280010': value(2), '00280011': value(3), '00480006': value(6), '00480007': value(4), '00620002': value({ '00620004': value(1) }, { '00620004': value(2) }) };
  const full = shapesOfSegmentation({ ...base, '00209311': value('TILED_FULL'), '00280008': value(8) }, (i) => Uint8Array.of(i === 6 ? 1 : 0, 0, 0, 0, 0, 0));
  assert.deepEqual(full.entries.map(({ part, corner }) => [part, corner]), [[2, [0, 2]]]);
  const said = shapesOfSegmentation({ ...base, '52009230': value({ '0048021A': value({ '0048021E': value(4), '0048021F': value(3) }), '0062000A': value({ '0062000B': value(1) }) }) }, () => Uint8Array.of(1, 0, 0, 0, 0, 0));
  const [mark] = onSlide(said, {}, [level('1', 12)]).entries;
  assert.deepEqual([mark.part, mark.loops[0].map(([x, y]) => [x, y]).sort()], [1, [[6, 6], [6, 9], [8, 6], [8, 9]]]);
});
