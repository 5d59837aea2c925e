// What the module has written to its flash, kept by the browser over a reload: settings, presets,
// models, behaviours. Files of the page's own that were not changed are not among them.
const STORE = "files";

export class KeptFiles {
  constructor() {
    this.opened = new Promise((resolve) => {
      const asked = indexedDB.open("latentrack", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
      asked.onsuccess = () => resolve(asked.result);
      // A private window may have no place to keep anything.
      asked.onerror = () => resolve(null);
    });
  }

  async transact(mode, act) {
    const database = await this.opened;
    if (!database) return null;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const result = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(result?.result);
      transaction.onerror = () => reject(transaction.error);
    });
  }

  /** Keeps files by path; null stands for one that was deleted. */
  keep(files) {
    return this.transact("readwrite", (store) => {
      for (const [path, data] of Object.entries(files)) store.put(data, path);
    });
  }

  /** All files by path. */
  async all() {
    const names = (await this.transact("readonly", (store) => store.getAllKeys())) ?? [];
    const data = (await this.transact("readonly", (store) => store.getAll())) ?? [];
    return Object.fromEntries(names.map((name, i) => [name, data[i]]));
  }

  async names() {
    return Object.entries(await this.all()).filter(([, data]) => data).map(([name]) => name).sort();
  }

  forget() {
    return this.transact("readwrite", (store) => store.clear());
  }
}
