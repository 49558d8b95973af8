// Chat commands: text in, a command out, or null when the text is for an agent. What a command does is the engine's.

export type ChatCommand =
  | { readonly name: 'approve'; readonly id: string; readonly decision: 'once' | 'always' }
  | { readonly name: 'deny'; readonly id: string }
  | { readonly name: 'pair'; readonly code: string }
  | { readonly name: 'link'; readonly code?: string }
  | { readonly name: 'stop'; readonly all: boolean }
  | { readonly name: 'resume' | 'new' | 'status' | 'help' }
  | { readonly name: 'malformed'; readonly usage: string }

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
      return rest.length === 0 ? { name: head.slice(1).toLowerCase() as 'status' | 'help' } : null
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
  '/link – join your accounts on several channels',
].join('\n')
