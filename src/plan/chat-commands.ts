// Chat commands: words that people say to the engine itself, wherever they write. Text in, a command out, or null when the text is
// for an agent. No rule gets them, and in a group they need no mention.

import type { Plan } from './plan.ts'

export type ChatCommand =
  | { readonly name: 'approve'; readonly id: string; readonly decision: 'once' | 'always' }
  | { readonly name: 'deny'; readonly id: string }
  | { readonly name: 'pair'; readonly code: string }
  | { readonly name: 'link'; readonly code?: string }
  | { readonly name: 'stop'; readonly all: boolean }
  | { readonly name: 'resume' | 'new' | 'status' | 'help' | 'unlink' }
  | { readonly name: 'malformed'; readonly usage: string }

export const CHAT_COMMANDS: readonly string[] = [
  '/approve',
  '/deny',
  '/pair',
  '/link',
  '/unlink',
  '/stop',
  '/resume',
  '/new',
  '/reset',
  '/status',
  '/help',
]

const ID = /^[A-Za-z0-9_-]{1,64}$/

/** Only a text that is a command from its first character on; anything after the words a command takes makes it malformed. */
export function parseCommand(text: string): ChatCommand | null {
  const [head = '', ...rest] = text.trim().split(/\s+/)
  switch (head.toLowerCase()) {
    case '/approve': {
      const [id = '', decision = 'once', ...more] = rest
      if (!ID.test(id) || (decision !== 'once' && decision !== 'always') || more.length > 0)
        return { name: 'malformed', usage: 'Say: /approve ID once, or /approve ID always' }
      return { name: 'approve', id, decision }
    }
    case '/deny': {
      const [id = '', ...more] = rest
      return ID.test(id) && more.length === 0 ? { name: 'deny', id } : { name: 'malformed', usage: 'Say: /deny ID' }
    }
    case '/pair': {
      const [code = '', ...more] = rest
      return ID.test(code) && more.length === 0 ? { name: 'pair', code } : { name: 'malformed', usage: 'Say: /pair CODE' }
    }
    case '/link': {
      const [code, ...more] = rest
      if (more.length > 0 || (code !== undefined && !ID.test(code)))
        return { name: 'malformed', usage: 'Say: /link, or /link CODE' }
      return { name: 'link', ...(code === undefined ? {} : { code }) }
    }
    case '/stop':
      if (rest.length === 0) return { name: 'stop', all: false }
      return rest.length === 1 && rest[0]?.toLowerCase() === 'all'
        ? { name: 'stop', all: true }
        : { name: 'malformed', usage: 'Say: /stop, or /stop all' }
    case '/resume':
      return rest.length === 0 || (rest.length === 1 && rest[0]?.toLowerCase() === 'all') ? { name: 'resume' } : null
    case '/new':
    case '/reset':
      return rest.length === 0 ? { name: 'new' } : null
    case '/status':
    case '/help':
    case '/unlink':
      return rest.length === 0 ? { name: head.slice(1).toLowerCase() as 'status' | 'help' | 'unlink' } : null
    default:
      return null
  }
}

export const HELP = [
  '/new or /reset – start a fresh session',
  '/stop – end what is running',
  '/stop all, /resume – halt everything, let it go on (owners)',
  '/status – what runs here',
  '/approve ID once|always, /deny ID – answer a question',
  '/link – join your accounts on several channels, /unlink – take them apart (in private)',
  '/pair CODE – let in the one who showed you this code (owners)',
].join('\n')

/** Whether a text is a command for this bot, so that a group member need not name it: a chat command, or a routing prefix that can win there. */
export function isCommandFor(plan: Plan, channelId: string, text: string): boolean {
  if (!/^\S/.test(text)) return false
  const word = /^\S+/.exec(text)?.[0] ?? ''
  if (CHAT_COMMANDS.includes(word.toLowerCase())) return true
  return plan.rules.some(
    (rule) =>
      rule.prefix !== undefined &&
      (rule.channelId === undefined || rule.channelId.includes(channelId)) &&
      (text === rule.prefix || (text.startsWith(rule.prefix) && /\s/.test(text.charAt(rule.prefix.length)))),
  )
}
