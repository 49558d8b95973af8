// What the engine can be built from: passed in, never global. `builtin.ts` holds the list that ships.

import type { ChannelDefinition } from './channels/port.ts'
import type { ModelProvider } from './models/port.ts'
import type { ProviderSpec } from './plan/plan.ts'
import type { Clock, Logger, Random } from './ports.ts'
import type { ToolDefinition } from './tools/port.ts'

export interface ProviderDefinition {
  readonly type: ProviderSpec['provider']
  /** Loads the client library on first use. */
  load(): Promise<(spec: ProviderSpec, world: { clock: Clock; random: Random; log: Logger }) => ModelProvider>
}

export interface Registry {
  readonly tools: readonly ToolDefinition[]
  readonly channels: readonly ChannelDefinition[]
  readonly providers: readonly ProviderDefinition[]
}
