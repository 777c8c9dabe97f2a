/** What a person chose or dropped, as [{file, path}]: path is the folder-relative name ("CT/IM0001"), or just the name. */

export const fromInput = (input) => Array.from(input.files, (file) => ({ file, path: file.webkitRelativePath || file.name }));

export async function fromDrop(transfer) {
  const entries = Array.from(transfer.items ?? [], (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return Array.from(transfer.files, (file) => ({ file, path: file.name }));
  const found = [];
  await Promise.all(entries.map((entry) => walk(entry, '', found)));
  return found;
}

async function walk(entry, folder, found) {
  const path = folder + entry.name;
  if (entry.isFile) {
    found.push({ file: await new Promise((yes, no) => entry.file(yes, no)), path });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((yes, no) => reader.readEntries(yes, no)); // at most 100 a call
    if (!some.length) return;
    await Promise.all(some.map((child) => walk(child, `${path}/`, found)));
  }
}
