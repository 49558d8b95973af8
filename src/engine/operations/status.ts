// The engine's parts in, what `claw status` and /status show out.

import type { McpStatus } from '../../mcp/port.ts'
import type { ModelRouter, ModelState } from '../../models/failover.ts'
import { changeHint, usesOf } from '../../plan/model-uses.ts'
import { packageVersion } from '../../resources.ts'
import type { Heartbeats } from '../../schedules/heartbeats.ts'
import type { ChannelManager } from '../outbound/channel-manager.ts'
import type { Status } from '../port.ts'
import type { World } from '../world.ts'
import type { Reloader } from './reload.ts'

export interface StatusParts {
  readonly world: World
  readonly channels: Pick<ChannelManager, 'states'>
  readonly heartbeats: Pick<Heartbeats, 'next'>
  readonly modelRouter: Pick<ModelRouter, 'state'>
  readonly reloader: Reloader
}

/** `degraded`: why it did not start on the file; shown until a file is accepted. */
export async function statusOf(
  { world, channels, heartbeats, modelRouter, reloader }: StatusParts,
  startedAt: string,
  degraded: string | undefined,
): Promise<Status> {
  const { storage, generations } = world
  const { plan } = generations.now
  const { generation, configHash, fileHash, last } = reloader.settled()
  return {
    formatVersion: 1,
    version: packageVersion(),
    generation,
    configHash,
    fileHash,
    lastReload: last === null ? null : { at: last.at, ok: last.ok, durationMs: last.durationMs, diagnostics: last.diagnostics },
    channels: channels.states(),
    heartbeats: plan.heartbeats.filter((one) => one.enabled).map(({ name }) => ({ name, next: isoOf(heartbeats.next(name)) })),
    queues: await storage.queue.depths(),
    agents: [...plan.agents.values()].map(({ id, name, model, permissions }) => ({
      id,
      name,
      model: `${model.provider}/${model.model}`,
      flow: permissions.flow,
      stopped: storage.halts.cached.stopped.has(id),
    })),
    models: modelRouter.state().flatMap((model) => modelLine(model, usesOf(plan, `${model.provider}/${model.model}`))),
    stopped: storage.halts.cached.isAllStopped,
    startedAt,
    ...(degraded === undefined || reloader.accepted ? {} : { degraded }),
    ...storageLine(storage.health.cachedProblem),
    ...mcpLine(world.mcp.status()),
  }
}

const storageLine = (problem: Error | null): Pick<Status, 'storage'> => (problem === null ? {} : { storage: problem.message })

const mcpLine = (servers: readonly McpStatus[]): Pick<Status, 'mcp'> => (servers.length === 0 ? {} : { mcp: servers })

/** None for a model that no agent names any more. */
function modelLine({ provider, model, state, until, lastError }: ModelState, uses: readonly string[]): Status['models'] {
  if (uses.length === 0) return []
  const id = `${provider}/${model}`
  const gone = lastError?.kind === 'no_model' ? `${id} is no longer offered under its name. ${changeHint(uses)} ` : ''
  return [
    {
      id,
      state: state === 'open' ? 'cooling' : 'ok',
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
      ...(lastError === undefined ? {} : { detail: `${lastError.kind}: ${gone}${lastError.message}` }),
    },
  ]
}

const isoOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
