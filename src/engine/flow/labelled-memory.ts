// Memory as one turn uses it: a note that is saved in a session which read outside text says so in its file.

import type { MemoryStore } from '../../tools/port.ts'

/** `holdsOutside`: whether the session holds outside text now. */
export const labelledMemory = (memory: MemoryStore, holdsOutside: () => Promise<boolean>): MemoryStore => ({
  ...memory,
  save: async (key, content, by, head = {}) =>
    await memory.save(key, content, by, (await holdsOutside()) ? { ...head, outside: true } : head),
})
