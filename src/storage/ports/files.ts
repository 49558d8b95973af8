// Files of replies.

import type { StoredFile } from '../../channels/port.ts'

/** Files of replies, from the tool call that made them until nobody asks for them any more. */
export interface FileStore {
  /** Durable when it resolves. */
  put(file: Omit<StoredFile, 'id' | 'bytes'>, data: Buffer): Promise<StoredFile>
  /** null: there is none, or it was forgotten. */
  read(id: string): Promise<Buffer | null>
}
