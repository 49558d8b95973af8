// `agents` over `defaults` → agents with their souls and skills loaded and every name resolved.

import { localZone } from '../../local-zone.ts'
import { DEFAULT_MODEL, DEFAULT_WINDOW } from '../../models/defaults.ts'
import { knownModel } from '../../models/known-models.ts'
import { fingerprint } from '../../plan/fingerprint.ts'
import type { AgentPlan, ModelRef } from '../../plan/plan.ts'
import type { Registry } from '../../registry.ts'
import { rest } from '../../slices.ts'
import { mapAt } from '../document.ts'
import { durationMs } from '../durations.ts'
import type { NamedFiles } from '../files.ts'
import type { Agent, Config } from '../generated/config.ts'
import { DEFAULTS } from '../generated/defaults.ts'
import { modelRef } from '../model-ref.ts'
import { optional } from '../optional.ts'
import { resolvePeople, type Scope } from '../scope.ts'
import type { Path } from '../shape.ts'
import { loadSkills, type SkillsInput } from './skills.ts'
import { compileTools, expandedGrants } from './tools.ts'
import { workspaceOf } from './workspaces.ts'

interface Input extends SkillsInput {
  readonly scope: Scope
  readonly registry: Registry
  readonly config: Config
  readonly stateDir: string
  readonly owners: readonly string[]
  /** Provider id → its default model. */
  readonly models: ReadonlyMap<string, string>
  /** Provider id → the kind of its service. */
  readonly services: ReadonlyMap<string, string>
}

/** What holds where neither the agent nor `defaults` says anything. */
const otherwise = DEFAULTS.agent
const DEFAULT_SOUL = 'You are a helpful assistant.'

export async function compileAgents(input: Input): Promise<ReadonlyMap<string, AgentPlan>> {
  const agents = new Map<string, AgentPlan>()
  for (const id of input.scope.agents) {
    await rest()
    agents.set(id, await compileAgent(id, input))
  }
  return agents
}

async function compileAgent(id: string, input: Input): Promise<AgentPlan> {
  const { config, scope, doc } = input
  const own = (mapAt(mapAt(doc.value, 'agents'), id) ?? {}) as unknown as Agent
  const defaults = (config.defaults ?? {}) as Agent
  const ownPath: Path = ['agents', id]
  const has = (key: keyof Agent): boolean => own[key] !== undefined
  const pathOf = (key: keyof Agent): Path => (has(key) ? [...ownPath, key] : ['defaults', key])
  const pick = <K extends keyof Agent>(key: K): Agent[K] => own[key] ?? defaults[key]
  const both = <K extends 'permissions' | 'rateLimit' | 'compaction' | 'reset' | 'queue' | 'memory'>(
    key: K,
  ): NonNullable<Agent[K]> => withoutExtras({ ...defaults[key], ...own[key] }) as NonNullable<Agent[K]>

  const permissions = both('permissions')
  const compaction = both('compaction')
  const reset = both('reset')
  const queue = both('queue')
  const memory = both('memory')
  const skills = await loadSkills(pick('skills') ?? [], pathOf('skills'), input)
  const { allow = [], deny = [] } = permissions
  const expanded = await expandedGrants([...allow, ...deny])
  // What is not always in the prompt is read by a tool.
  const reads = skills.some(({ always }) => !always) ? ['skill'] : []
  const { tools, denied } = await compileTools(
    [...(pick('tools') ?? []), ...reads],
    { deny, ...optional('expanded', expanded) },
    input,
  )
  const offline = pick('offline')
  const ref = model(pick('model') ?? DEFAULT_MODEL, input)
  const known = knownModel(input.services.get(ref.provider) ?? '', ref.model)
  const agent = {
    id,
    name: own.name ?? id,
    description: own.description ?? '',
    model: ref,
    fallbacks: (pick('fallbacks') ?? []).map((text) => model(text, input)),
    ...optional('offline', offline === undefined ? undefined : model(offline, input)),
    soul: await soul(pick('soul') ?? DEFAULT_SOUL, pathOf('soul'), input.files),
    tools,
    permissions: {
      mode: permissions.mode ?? otherwise.permissions.mode,
      allow,
      deny,
      ...optional('deniedTools', denied),
      ...optional('expanded', expanded),
      approvers: permissions.approvers === undefined ? input.owners : resolvePeople(permissions.approvers, scope),
      timeoutMs: durationMs(permissions.timeout ?? otherwise.permissions.timeout),
      approvalWaitMs: durationMs(permissions.approvalWait ?? otherwise.permissions.approvalWait),
      askInSandbox: permissions.askInSandbox ?? otherwise.permissions.askInSandbox,
      flow: permissions.flow ?? otherwise.permissions.flow,
    },
    sessionScope: pick('sessionScope') ?? config.sessionScope ?? otherwise.sessionScope,
    rateLimit: both('rateLimit'),
    compaction: {
      contextWindow: compaction.contextWindow ?? known?.contextWindow ?? DEFAULT_WINDOW,
      threshold: compaction.threshold ?? otherwise.compaction.threshold,
      keepRecent: compaction.keepRecent ?? otherwise.compaction.keepRecent,
      chunkTokens: compaction.chunkTokens ?? otherwise.compaction.chunkTokens,
      ...optional('model', compaction.model === undefined ? undefined : model(compaction.model, input)),
    },
    reset: {
      ...optional('daily', reset.daily),
      timezone: reset.timezone ?? localZone(),
      ...optional('idleMs', reset.idle === undefined ? undefined : durationMs(reset.idle)),
    },
    subagents: pick('subagents') ?? [],
    workspace: workspaceOf(pick('workspace'), pathOf('workspace'), id, input),
    sandbox: pick('sandbox') ?? otherwise.sandbox,
    memory: { write: memory.write ?? otherwise.memory.write, read: memory.read ?? otherwise.memory.read },
    network: pick('network') ?? [],
    ...optional('allowHosts', pick('allowHosts')),
    denyHosts: pick('denyHosts') ?? [],
    replyPrefix: pick('replyPrefix') ?? otherwise.replyPrefix,
    maxTurns: pick('maxTurns') ?? otherwise.maxTurns,
    maxTokens: pick('maxTokens') ?? Math.min(otherwise.maxTokens, known?.maxOutput ?? otherwise.maxTokens),
    ...optional('effort', pick('effort')),
    context: pick('context') ?? otherwise.context,
    queue: {
      whenBusy: queue.whenBusy ?? otherwise.queue.whenBusy,
      debounceMs: durationMs(queue.debounce ?? otherwise.queue.debounce),
      maxBacklog: queue.maxBacklog ?? otherwise.queue.maxBacklog,
    },
    skills,
  } as const
  return { fingerprint: fingerprint(agent), place: doc.place(ownPath), ...agent }
}

const withoutExtras = (map: object): object => Object.fromEntries(Object.entries(map).filter(([key]) => !key.startsWith('x-')))

const model = (text: string, input: Input): ModelRef => modelRef(text, input.models)

/** One line that ends in .md or .txt is a path. */
export const isSoulPath = (text: string): boolean => !text.includes('\n') && /\.(md|txt)$/i.test(text.trim())

async function soul(text: string, path: Path, files: NamedFiles): Promise<AgentPlan['soul']> {
  return isSoulPath(text) ? await files.read(text.trim(), path, 'a soul') : { text }
}
