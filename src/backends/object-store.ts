/** An object in a region's bucket. */
export interface ObjectPlace {
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
}

/** What is known of an object without its bytes. */
export interface ObjectInfo {
  readonly bytes: number;
  readonly contentType: string;
}

/** A multipart upload under way: nothing can be read before it is complete. */
export interface Upload {
  /** Parts count from 1; all but the last have at least 5 MiB. The same part may be sent again. */
  part(number: number, bytes: Buffer): Promise<void>;
  complete(): Promise<void>;
  /** Drops the parts; an upload that cannot be dropped now is left to the bucket's lifecycle rule. Never rejects. */
  abort(): Promise<void>;
}

/** The objects of every region that has a bucket. Every call rejects when the region does not do it in time. */
export interface ObjectStore {
  /** With `onlyNew` false when there is an object already; true when written. */
  put(place: ObjectPlace, bytes: Buffer, contentType: string, onlyNew?: boolean): Promise<boolean>;
  upload(place: ObjectPlace, contentType: string): Promise<Upload>;
  /** Undefined when there is none. */
  look(place: ObjectPlace): Promise<ObjectInfo | undefined>;
  /** Undefined when there is none. The bytes reject when they break off. */
  get(place: ObjectPlace): Promise<(ObjectInfo & { readonly body: AsyncIterable<Buffer> }) | undefined>;
  /** Also fine when there is none. */
  delete(place: ObjectPlace): Promise<void>;
  /** The folders right below a prefix that ends in a slash: their names, page by page. */
  folders(region: string, bucket: string, prefix: string): AsyncIterable<readonly string[]>;
  /** Keys of all objects whose keys begin so, page by page. */
  keys(region: string, bucket: string, prefix: string): AsyncIterable<readonly string[]>;
}
