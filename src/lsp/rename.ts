// A name and a new one in, the edits that rename it everywhere, out. Only the names change: comments and format stay.

import { ResponseError, type TextEdit, type WorkspaceEdit } from 'vscode-languageserver'
import { entryOf } from '../config/yaml/tree.ts'
import type { Occurrence } from './names.ts'
import { rangeIn, uriOf } from './places.ts'
import type { Project } from './projects.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
const INVALID_PARAMS = -32602

export function rename(project: Project, { kind, name }: Occurrence, newName: string): WorkspaceEdit {
  const names = project.names()
  if (names === null) return {}
  if (project.document !== project.loaded.document)
    throw new ResponseError(INVALID_PARAMS, 'The file has errors that keep it from being read. Correct these first.')
  if (!NAME.test(newName) && kind !== 'link')
    throw new ResponseError(INVALID_PARAMS, `"${newName}" is not a name: letters, digits, dot, dash, underscore.`)
  if (kind === 'link' && (newName === '' || newName.includes(':')))
    throw new ResponseError(INVALID_PARAMS, `"${newName}" cannot be the name of a link: it would read as an identity.`)
  if (names.defined(kind).includes(newName) && newName !== name)
    throw new ResponseError(INVALID_PARAMS, `There is a ${kind} "${newName}" already.`)
  const changes: Record<string, TextEdit[]> = {}
  const add = (file: string, edit: TextEdit): void => {
    changes[uriOf(file)] = [...(changes[uriOf(file)] ?? []), edit]
  }
  const done = new Set<string>()
  for (const { source, start, end } of names.of(kind, name)) {
    const key = `${source.file}:${start}`
    // What an alias repeats stands once in the text.
    if (done.has(key)) continue
    done.add(key)
    add(source.file, { range: rangeIn(source, start, end), newText: quotedIfNeeded(source.text.charAt(start - 1), newName) })
  }
  if (kind === 'channel') keepType(project, name, add)
  return { changes }
}

/** A name that YAML would read as a number or a word of its own is quoted where it stands bare. */
const quotedIfNeeded = (before: string, name: string): string =>
  before === '"' || before === "'" || (/^[A-Za-z_][\w.-]*$/.test(name) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(name))
    ? name
    : JSON.stringify(name)

/** A channel without `type` is of the type that its name says: with another name, it has to be written. */
function keepType(project: Project, name: string, add: (file: string, edit: TextEdit) => void): void {
  const channels = entryOf(project.document!.root, 'channels')?.value
  const entry = channels?.kind === 'map' ? entryOf(channels, name) : undefined
  if (entry === undefined) return
  const { value, source } = entry
  if (value.kind === 'map' && entryOf(value, 'type') !== undefined) return
  const first = value.kind === 'map' ? value.entries[0] : undefined
  const isFlow = value.kind === 'map' && source.text.charAt(value.start) === '{'
  if (isFlow) {
    const at = value.start + 1
    add(source.file, { range: rangeIn(source, at, at), newText: first === undefined ? ` type: ${name} ` : ` type: ${name},` })
  } else if (first !== undefined) {
    const column = first.keyStart - source.text.lastIndexOf('\n', first.keyStart - 1) - 1
    add(source.file, { range: rangeIn(source, first.keyStart, first.keyStart), newText: `type: ${name}\n${' '.repeat(column)}` })
  } else {
    const colon = source.text.indexOf(':', entry.keyEnd) + 1
    add(source.file, { range: rangeIn(source, colon, colon), newText: ` { type: ${name} }` })
  }
}
