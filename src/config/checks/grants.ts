// `permissions.allow` and `deny`: entries that mean one command or tools that exist, and allows that a deny does not take back.

import type { Diagnostic } from '../../errors.ts'
import { expandBraces } from '../../permissions/braces.ts'
import type { GrantEntry } from '../../permissions/grants.ts'
import type { Registry } from '../../registry.ts'
import { matchesTool } from '../../tools/match.ts'
import { runsCommands } from '../../tools/port.ts'
import { type ConfigDocument, mapAt } from '../document.ts'
import type { Path } from '../shape.ts'
import { suggestion } from '../suggest.ts'
import { agentSections, type Check, textsAt } from './check.ts'

type List = 'allow' | 'deny'

interface Written extends GrantEntry {
  readonly list: List
  /** As it stands in the file. */
  readonly source: string
  readonly path: Path
}

export const checkGrants: Check = async ({ doc, scope, registry }) => {
  const sections = agentSections(doc, scope)
    .map(({ value, path }) => ({ value: mapAt(value['permissions']), path: [...path, 'permissions'] }))
    .filter(({ value }) => value['allow'] !== undefined || value['deny'] !== undefined)
  if (sections.length === 0) return []
  const [{ readEntry }, { checkGrant }] = await Promise.all([
    import('../../permissions/grants.ts'),
    import('../../permissions/shell/grants.ts'),
  ])
  const problems: Diagnostic[] = []
  for (const section of sections) {
    const entries: Written[] = []
    for (const list of ['allow', 'deny'] as const) {
      for (const { text: source, path } of textsAt(section, list)) {
        if (source === '') continue
        try {
          for (const one of await expandBraces(source)) entries.push({ list, source, path, ...readEntry(one) })
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
          problems.push(
            doc.problem('CLAW106', `\`${source}\` has too many braces: ${error.message}`, path, {
              hint: 'Write out those that are meant.',
            }),
          )
        }
      }
    }
    const denied = entries.filter(({ list }) => list === 'deny')
    for (const entry of entries) {
      problems.push(...checkNames(entry, registry, doc))
      if (entry.list === 'deny') continue
      if (entry.kind === 'command') {
        const verdict = checkGrant(entry.text)
        if ('error' in verdict) problems.push(doc.problem('CLAW404', verdict.error, entry.path))
        else if ('warning' in verdict) problems.push(doc.problem('CLAW405', verdict.warning, entry.path))
      }
      problems.push(...checkDenied(entry, denied, doc))
    }
  }
  return problems
}

/** An entry of a tool names one that there is; an entry that may be of either says which. */
function checkNames({ kind, text, bare, list, path }: Written, { tools }: Registry, doc: ConfigDocument): readonly Diagnostic[] {
  const named = tools.filter(({ name }) => matchesTool(text, name))
  if (kind === 'tool') {
    if (named.length === 0) {
      const hint = suggestion(
        text,
        tools.map(({ name }) => name),
        'No tools are known.',
        'Tools',
      )
      const severity = /[*?]/.test(text) ? 'warning' : 'error'
      return [doc.problem('CLAW203', `There is no tool "${text}".`, path, { hint, severity })]
    }
    const runner = list === 'allow' ? named.find(runsCommands) : undefined
    if (runner === undefined || /[*?]/.test(text)) return []
    const hint = 'Grant commands one by one, or set `mode`.'
    return [
      doc.problem('CLAW404', `\`tool:${text}\` would let every command run: ${text} is judged by its command.`, path, { hint }),
    ]
  }
  const tool = bare ? tools.find(({ name }) => name === text) : undefined
  if (tool === undefined) return []
  const both = list === 'deny' && !runsCommands(tool)
  const message = both
    ? `\`${text}\` denies the tool and the command of that name.`
    : `\`${text}\` is the command of that name here, not the tool.`
  const hint = `Write \`tool:${text}\` or \`command:${text}\`.`
  return [doc.problem('CLAW408', message, path, { hint })]
}

function checkDenied(entry: Written, denied: readonly Written[], doc: ConfigDocument): readonly Diagnostic[] {
  const by = denied.find(({ kind, text }) => kind === entry.kind && covers(text, entry.text))
  if (by === undefined) return []
  const related = [{ ...doc.position(by.path), message: 'denied here' }]
  const hint = 'Deny wins. Remove the one that is not meant.'
  const message = `\`${entry.source}\` is allowed, but \`${by.source}\` denies all of it.`
  return [doc.problem('CLAW313', message, entry.path, { hint, related })]
}

/** Whether every command or tool that the narrow pattern means is also meant by the wide one. Word by word; a final star is any rest. */
function covers(wide: string, narrow: string): boolean {
  const wideWords = wide.trim().split(/\s+/)
  const narrowWords = narrow.trim().split(/\s+/)
  const open = wideWords.at(-1) === '*'
  const words = open ? wideWords.slice(0, -1) : wideWords
  if (!open && narrowWords.at(-1) === '*') return false
  if (open ? narrowWords.length < words.length : narrowWords.length !== words.length) return false
  return words.every((word, index) => {
    const other = narrowWords[index] ?? ''
    return word === other || (!(other === '*' && index === narrowWords.length - 1) && matchesTool(word, other))
  })
}
