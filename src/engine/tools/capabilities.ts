// A turn and one of its tools in, what a single call of the tool may use out.

import { abortSignal } from '../../stop.ts'
import type { ToolCapabilities, ToolDefinition } from '../../tools/port.ts'
import type { TurnContext } from '../turns/turn-context.ts'
import type { World } from '../world.ts'

/** The doors to the world that an agent's tools share. */
export type Gates = Pick<ToolCapabilities, 'paths' | 'network' | 'shell' | 'memory' | 'browser'>

/** Without a flow gate nothing came from outside. */
const NEVER = async (): Promise<boolean> => false

export function capabilitiesOf(
  { clock, log }: Pick<World, 'clock' | 'log'>,
  turn: TurnContext,
  { settings }: Pick<ToolDefinition, 'settings'>,
  idempotencyKey: string,
  gates: Gates,
): ToolCapabilities<unknown> {
  const { plan, agent, session } = turn
  return {
    agent: { id: agent.id, name: agent.name },
    session,
    signal: abortSignal(turn.signal),
    clock,
    log,
    idempotencyKey,
    settings: settings === undefined ? undefined : plan[settings],
    paths: gates.paths,
    network: gates.network,
    shell: gates.shell,
    memory: gates.memory,
    browser: gates.browser,
    skills: agent.skills,
    isOutsideFile: NEVER,
    spawn: turn.spawn(turn, idempotencyKey),
  }
}
