// The configuration language as data: its core and the fragments in, its schemas out.

export { fullSchema, writtenSchema } from './full.ts'
export { channelRef, fragmentProblems, isCommonKey, languageOf, withChannel } from './merge.ts'
