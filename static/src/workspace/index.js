// The specialist's workspace: records at the left, the opinion at the right, and citations between them.
import { startCites } from './cites.js';
import { startDocuments } from './documents.js';
import { startDraft } from './draft.js';
import { startReading } from './reading.js';
import { startRows } from './rows.js';
import { startPanes, startTabs } from './tabs.js';
import { startViewer } from './viewer.js';

const form = document.getElementById('opinion');
if (form) {
  const tabs = startTabs(document.querySelector('[data-tabs]'));
  const panes = startPanes();
  const viewer = startViewer(document);
  const documents = startDocuments(document);
  const show = (record) => {
    panes.show('records');
    tabs.show(record.kind === 'page' ? 'documents' : 'images');
    (record.kind === 'page' ? documents : viewer).open(record);
  };
  const cites = startCites(form, show);
  viewer.onCite((record) => cites.add({ kind: 'image', ...record }));
  documents.onCite((record) => cites.add({ kind: 'page', ...record }));
  startRows(form);
  startDraft(form);
  startReading(form);
}
