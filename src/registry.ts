// What the engine can be built from: passed in, never global. `builtin.ts` holds the list that ships.

import type { ChannelDefinition } from './channels/port.ts'
import type { ProviderDefinition } from './models/port.ts'
import type { ToolDefinition } from './tools/port.ts'

export interface Registry {
  readonly tools: readonly ToolDefinition[]
  readonly channels: readonly ChannelDefinition[]
  readonly providers: readonly ProviderDefinition[]
}
