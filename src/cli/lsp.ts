// `claw lsp`: the language server, from the loader that runs the bot. Its library loads here alone.

import { existsSync } from 'node:fs'
import { EXIT } from '../errors.ts'
import type { Verb } from './io.ts'

export const run: Verb = async (_args, options, io) => {
  const { serve } = await import('../lsp/server.ts')
  await serve({
    registry: io.registry,
    env: io.env,
    input: io.stdin,
    output: process.stdout,
    ...(existsSync(options.config) ? { root: options.config } : {}),
  })
  return EXIT.ok
}
