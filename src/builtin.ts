// What ships: the tools, channels and model services an engine is built from unless it is given others.

import * as channels from './channels/registry.ts'
import { builtinProviders } from './models/registry.ts'
import type { Registry } from './registry.ts'
import { builtinTools } from './tools/registry.ts'

export const builtinRegistry: Registry = { tools: builtinTools, channels: Object.values(channels), providers: builtinProviders }
