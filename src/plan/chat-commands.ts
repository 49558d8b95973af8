// Words that people say to the engine itself, wherever they write: no rule gets them, and in a group they need no mention.

export const CHAT_COMMANDS: readonly string[] = [
  '/approve',
  '/deny',
  '/pair',
  '/link',
  '/stop',
  '/resume',
  '/new',
  '/reset',
  '/status',
  '/help',
]
