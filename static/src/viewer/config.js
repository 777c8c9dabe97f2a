/** What the page tells the viewer: data attributes of #viewer, and the query of its own address. */
export function readConfig(root, search) {
  const query = new URLSearchParams(search);
  const { dicomweb = '/dicomweb/', state = '', csrf = '', role = 'patient', notice = '', caseRef = '', signIn = '/', plain = '' } = root.dataset;
  const slash = (url) => (url.endsWith('/') ? url : `${url}/`);
  return {
    dicomweb: slash(dicomweb),
    stateUrl: state ? slash(state) : '',
    plain, csrf, role, notice, caseRef, signIn,
    studies: (query.get('study') ?? '').split(',').filter((uid) => /^[0-9.]{1,64}$/.test(uid)),
    series: query.get('series') ?? '',
    instance: query.get('instance') ?? '',
    frame: Number(query.get('frame')) || 1,
    light: query.get('light') === '1',
    cpu: query.get('cpu') === '1',
  };
}
