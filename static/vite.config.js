import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

// One line per entry; the name is what the template tag {% asset 'name' %} asks for (portal/templatetags/consilium.py).
const ENTRIES = {
  theme: 'src/theme/theme.scss',
  app: 'src/app/index.js',
  viewer: 'src/viewer/index.js',
  upload: 'src/upload/index.js',
  review: 'src/workspace/index.js',
};

// The server sends every frame as Explicit VR Little Endian (docs: viewer), so no image codec is needed in the browser:
// this drops several megabytes of WebAssembly and the need for 'wasm-unsafe-eval'.
const noCodecs = {
  name: 'no-codecs',
  enforce: 'pre',
  transform(code, id) {
    const codec = /dicom-image-loader\/dist\/esm\/shared\/decoders\/decode(JPEG2000|JPEGLS|HTJ2K|JPEGXL|JPEGBaseline8Bit|JPEGBaseline12Bit-js|JPEGLossless)\.js/;
    if (codec.test(id)) {
      return "const no = async () => { throw new Error('frames arrive decoded: no codec bundled'); };\nexport { no as initialize, no as default };";
    }
    if (/tools\/dist\/esm\/utilities\/registerComputeWorker\.js/.test(id)) return 'export function registerComputeWorker() {}';
    return null;
  },
};

export default defineConfig({
  root: at('.'),
  base: './', // every URL relative, so that STATIC_URL may be anything
  publicDir: at('src/public'), // copied as they are: favicon, brand mark
  plugins: [noCodecs],
  worker: { format: 'es', plugins: () => [noCodecs] },
  resolve: { alias: { xmlbuilder2: at('src/stubs/xmlbuilder2.js') } },
  css: { preprocessorOptions: { scss: { quietDeps: true, loadPaths: [at('node_modules')] } } },
  build: {
    outDir: at('dist'),
    emptyOutDir: true,
    manifest: true,
    target: 'es2022',
    assetsInlineLimit: 0, // data: URLs are not in the content security policy
    chunkSizeWarningLimit: 4000,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: Object.fromEntries(Object.entries(ENTRIES).filter(([, path]) => existsSync(at(path))).map(([name, path]) => [name, at(path)])),
      output: { codeSplitting: { groups: [{ name: 'vtk', test: /vtk\.js/ }, { name: 'dcmjs', test: /dcmjs/ }] } },
    },
  },
});
