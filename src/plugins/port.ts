// What the entry module of a plugin exports by default. `claw.plugin.json` declares the same names; the two are held against each
// other when the module is loaded.

import type { ChannelFactory } from '../channels/port.ts'
import type { ProviderFactory } from '../models/port.ts'
import type { ToolCapabilities, ToolResult } from '../tools/port.ts'

/**
 * A tool of a plugin. `input` fits the schema in the manifest. A text is the result; what it throws is an error result with the
 * message.
 */
export type PluginTool<Input = never> = {
  run(input: Input, context: ToolCapabilities): Promise<string | ToolResult> | string | ToolResult
}['run']

export interface PluginModule {
  readonly tools?: Readonly<Record<string, PluginTool>>
  readonly channels?: Readonly<Record<string, ChannelFactory>>
  readonly models?: Readonly<Record<string, ProviderFactory>>
}
