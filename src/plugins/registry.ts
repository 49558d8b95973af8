// A registry and the plugins of a plan in, the registry with what they bring out. A plugin's code is loaded when something of it is
// used, which only a running engine does.

import type { PluginPlan } from '../plan/plan.ts'
import type { Registry } from '../registry.ts'
import type { PluginModule } from './port.ts'

const made = new WeakMap<Registry, WeakMap<readonly PluginPlan[], Registry>>()

/** What the registry has itself stays: a test puts something of its own in the place of what a plugin brings. */
export function withPlugins(base: Registry, plugins: readonly PluginPlan[]): Registry {
  if (plugins.length === 0) return base
  const known = made.get(base) ?? new WeakMap<readonly PluginPlan[], Registry>()
  made.set(base, known)
  const registry = known.get(plugins) ?? merge(base, plugins)
  known.set(plugins, registry)
  return registry
}

function merge(base: Registry, plugins: readonly PluginPlan[]): Registry {
  const brought = plugins.map(definitionsOf)
  return {
    tools: added(
      base.tools,
      brought.flatMap(({ tools }) => tools),
      ({ name }) => name,
    ),
    channels: added(
      base.channels,
      brought.flatMap(({ channels }) => channels),
      ({ type }) => type,
    ),
    providers: added(
      base.providers,
      brought.flatMap(({ providers }) => providers),
      ({ type }) => type,
    ),
  }
}

function added<T>(own: readonly T[], more: readonly T[], nameOf: (item: T) => string): readonly T[] {
  const names = new Set(own.map(nameOf))
  return [...own, ...more.filter((item) => !names.has(nameOf(item)))]
}

function definitionsOf(plugin: PluginPlan): Registry {
  const load = async (): Promise<PluginModule> => (await import('./load.ts')).loadPlugin(plugin)
  return {
    tools: plugin.tools.map((tool) => ({
      ...tool,
      plugin: plugin.name,
      async run(input, capabilities) {
        const { resultOf } = await import('./load.ts')
        return resultOf(await (await load()).tools?.[tool.name]?.(input, capabilities))
      },
    })),
    channels: plugin.channels.map((channel) => ({
      ...channel,
      plugin: plugin.name,
      load: async () => declared((await load()).channels?.[channel.type], plugin, channel.type),
    })),
    providers: plugin.models.map((service) => ({
      ...service,
      plugin: plugin.name,
      load: async () => declared((await load()).models?.[service.type], plugin, service.type),
    })),
  }
}

/** What was held against the manifest when the module was loaded. */
function declared<T>(value: T | undefined, { name }: PluginPlan, what: string): T {
  if (value === undefined) throw new Error(`The plugin ${name} brings no ${what}.`)
  return value
}
