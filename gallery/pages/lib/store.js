// Stores the upload queue in IndexedDB: one record per photo, with the file itself until it is uploaded.

const NAME = "scrubjay";
const STORE = "uploads";

let opening;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "token" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

async function act(mode, run) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = run(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** Every record of a user, in the order in which they were added. */
export async function all(user) {
  const records = await act("readonly", (store) => store.getAll());
  return records.filter((record) => record.user === user).sort((a, b) => a.order - b.order);
}

/** Writes a record. Where the browser has no room for the file, the record is kept without it. */
export async function put(record) {
  try {
    await act("readwrite", (store) => store.put(record));
  } catch {
    await act("readwrite", (store) => store.put({ ...record, file: null })).catch(() => {});
  }
}

/** Forgets a record. */
export const drop = (token) => act("readwrite", (store) => store.delete(token));
