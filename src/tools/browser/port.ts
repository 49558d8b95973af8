// What the browser tool asks of the engine: one browser an agent, started at the first call and kept for the next.

import type { NetworkGate, PathGate } from '../../permissions/port.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Logger } from '../../ports.ts'
import type { ToolResult } from '../port.ts'

export const ACTIONS = [
  'open',
  'snapshot',
  'click',
  'type',
  'select',
  'press',
  'scroll',
  'wait',
  'screenshot',
  'pdf',
  'tabs',
  'close',
] as const

export interface BrowserInput {
  readonly action: (typeof ACTIONS)[number]
  readonly url?: string
  readonly ref?: string
  readonly text?: string
  readonly key?: string
  readonly tab?: number
}

export type BrowserSettings = NonNullable<Plan['browser']>

/** For whom a call is made, and what it may reach. */
export interface BrowserCall {
  readonly agentId: string
  readonly settings: BrowserSettings
  readonly network: NetworkGate
  readonly paths: PathGate
  readonly signal: AbortSignal
  readonly log: Logger
}

export interface BrowserHost {
  act(input: BrowserInput, call: BrowserCall): Promise<ToolResult>
  close(): Promise<void>
}
