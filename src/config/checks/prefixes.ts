// A prefix that is a chat command never reaches its rule.

import type { Diagnostic } from '../../errors.ts'
import { CHAT_COMMANDS } from '../../plan/chat-commands.ts'
import { textAt } from '../document.ts'
import { type Check, rulesOf } from './check.ts'

export const checkPrefixes: Check = ({ doc }) => {
  const problems: Diagnostic[] = []
  for (const { value, path } of rulesOf(doc)) {
    const word = textAt(value, 'prefix')?.trim().split(/\s+/)[0]?.toLowerCase()
    if (word === undefined || !CHAT_COMMANDS.includes(word)) continue
    const hint = `The engine answers ${word} itself. Choose another prefix.`
    problems.push(doc.problem('CLAW316', `The prefix ${word} is a command of the chat.`, [...path, 'prefix'], { hint }))
  }
  return problems
}
