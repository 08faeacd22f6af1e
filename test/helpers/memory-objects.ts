import type { ObjectPlace, ObjectStore } from '../../src/backends/object-store.ts';

/** Objects by `region/bucket/key`, kept in a map; uploads are not supported. */
export function memoryObjects(): { readonly store: ObjectStore; readonly objects: Map<string, Buffer> } {
  const objects = new Map<string, Buffer>();
  const at = ({ region, bucket, key }: ObjectPlace) => `${region}/${bucket}/${key}`;
  const store: ObjectStore = {
    put: async (place, bytes, _, onlyNew) => {
      if (onlyNew && objects.has(at(place))) return false;
      objects.set(at(place), bytes);
      return true;
    },
    upload: async () => {
      throw new Error('no multipart uploads here');
    },
    look: async place => {
      const bytes = objects.get(at(place));
      return bytes && { bytes: bytes.length, contentType: 'text/plain' };
    },
    get: async place => {
      const bytes = objects.get(at(place));
      const body = async function* () {
        if (bytes !== undefined) yield bytes;
      };
      return bytes && { bytes: bytes.length, contentType: 'text/plain', body: body() };
    },
    delete: async place => void objects.delete(at(place)),
    folders: async function* (region, bucket, prefix) {
      const root = `${region}/${bucket}/${prefix}`;
      const below = [...objects.keys()].filter(key => key.startsWith(root)).map(key => key.slice(root.length));
      yield [...new Set(below.filter(key => key.includes('/')).map(key => key.slice(0, key.indexOf('/'))))];
    },
    keys: async function* (region, bucket, prefix) {
      const root = `${region}/${bucket}/`;
      const keys = [...objects.keys()].filter(key => key.startsWith(root + prefix)).map(key => key.slice(root.length));
      yield keys;
    },
  };
  return { store, objects };
}
