// vtk.js' XML reader and writer come in through cornerstone's Mesh.js and are never used here; the real xmlbuilder2 needs node's 'events'.
export const create = () => {
  throw new Error('XML writing is not bundled');
};
