// The state folder of a configuration that has no Plan: asked just then, by programs that look for a running engine or for the
// configuration last accepted. What can be read of the file is read; else the default.

import { dirname, resolve } from 'node:path'
import { readOrdinaryFile } from '../ordinary-file.ts'
import { type ConfigDocument, textAt } from './document.ts'
import { interpolate, type Lookup } from './interpolate.ts'

/** `document`: what the loader could make of it. Absolute. */
export async function stateDirOf(file: string, document: ConfigDocument | null, lookup: Lookup): Promise<string> {
  const path = ['stateDir']
  const known = document === null ? undefined : textAt(document.value, 'stateDir')
  if (document !== null) return resolve(dirname(document.fileOf(path)), known || '.openclaw')
  const text = await readOrdinaryFile(file).then(String, () => '')
  const [, quoted, plain] = /^stateDir:[ \t]*(?:["']([^"'\n]*)["']|([^\s#][^\n#]*))/m.exec(text) ?? []
  const written = interpolate((quoted ?? plain ?? '').trim(), lookup).text
  return resolve(dirname(file), written === '' ? '.openclaw' : written)
}
