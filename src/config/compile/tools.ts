// An allowlist of tools in, the names an agent is offered out: those that exist and whose settings are there.

import type { Registry } from '../../registry.ts'
import { resolveTools } from '../../tools/match.ts'
import type { Config } from '../generated/config.ts'

export function compileTools(patterns: readonly string[], registry: Registry, config: Config): readonly string[] {
  const offered = registry.tools.filter(({ settings }) => settings === undefined || config[settings] !== undefined)
  return resolveTools(
    patterns,
    offered.map(({ name }) => name),
  ).tools
}
