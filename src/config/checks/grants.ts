// `permissions.allow` and `deny`: grants that mean one command, and that a deny does not take back.

import type { Diagnostic } from '../../errors.ts'
import { matchesTool } from '../../tools/match.ts'
import { mapAt } from '../document.ts'
import { agentSections, type Check, textsAt } from './check.ts'

export const checkGrants: Check = async ({ doc, scope }) => {
  const problems: Diagnostic[] = []
  const sections = agentSections(doc, scope)
    .map(({ value, path }) => ({ value: mapAt(value['permissions']), path: [...path, 'permissions'] }))
    .filter(({ value }) => value['allow'] !== undefined)
  if (sections.length === 0) return problems
  const { checkGrant } = await import('../../permissions/shell/grants.ts')
  for (const section of sections) {
    const denied = textsAt(section, 'deny')
    for (const { text, path } of textsAt(section, 'allow')) {
      if (text === '') continue
      const verdict = checkGrant(text)
      if ('error' in verdict) problems.push(doc.problem('CLAW404', verdict.error, path))
      else if ('warning' in verdict) problems.push(doc.problem('CLAW405', verdict.warning, path))
      const by = denied.find((deny) => covers(deny.text, text))
      if (by === undefined) continue
      const related = [{ ...doc.position(by.path), message: 'denied here' }]
      const hint = 'Deny wins. Remove the one that is not meant.'
      problems.push(
        doc.problem('CLAW313', `\`${text}\` is allowed, but \`${by.text}\` denies all of it.`, path, { hint, related }),
      )
    }
  }
  return problems
}

/** Whether every command that the narrow pattern means is also meant by the wide one. Word by word; a final star is any rest. */
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
