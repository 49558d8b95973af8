// MCP servers of tests: real ones that others wrote, and a small one that breaks the rules.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { packageRoot } from '../../src/resources.ts'

const require = createRequire(import.meta.url)

/** The program of `@modelcontextprotocol/server-NAME`. */
const programOf = (name: string): string =>
  join(dirname(require.resolve(`@modelcontextprotocol/server-${name}/package.json`)), 'dist/index.js')

const yaml = (program: string, args: readonly string[]): string =>
  `command: ${JSON.stringify(process.execPath)}, args: ${JSON.stringify([program, ...args])}`

/** `command` and `args` of a server that somebody else wrote, to stand in a flow map. */
export const published = (name: 'everything' | 'filesystem' | 'memory', ...args: readonly string[]): string =>
  yaml(programOf(name), args)

/** The same of the one that behaves as told. */
export const behaving = (how: string, ...args: readonly string[]): string =>
  yaml(join(packageRoot(), 'test/support/mcp-server.mjs'), [how, ...args])
