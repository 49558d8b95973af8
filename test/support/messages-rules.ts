// What the Messages API demands of a request: a body in, null or the words of its refusal out.

export interface MessagesRequest {
  readonly model: string
  readonly max_tokens: number
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string | readonly RequestBlock[] }[]
  readonly system?: string | readonly RequestBlock[]
  readonly tools?: readonly {
    readonly name: string
    readonly description?: string
    readonly input_schema: unknown
    readonly [key: string]: unknown
  }[]
  readonly stream?: boolean
  readonly [key: string]: unknown
}
export interface RequestBlock {
  readonly type: string
  readonly [key: string]: unknown
}

const FIELDS = new Set(
  (
    'model max_tokens messages system tools stream temperature top_p top_k stop_sequences metadata tool_choice thinking ' +
    'service_tier container context_management mcp_servers output_config cache_control'
  ).split(' '),
)
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']
const MAX_CACHE_MARKS = 4

/** The first thing that is wrong, or null. */
export function checkRequest(body: MessagesRequest): string | null {
  for (const key of Object.keys(body)) if (!FIELDS.has(key)) return `${key}: Extra inputs are not permitted`
  if (typeof body.model !== 'string' || body.model === '') return 'model: Field required'
  if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1) return 'max_tokens: Field required, at least 1'
  if (!Array.isArray(body.messages) || body.messages.length === 0) return 'messages: at least one message is required'
  return (
    checkSystem(body.system) ??
    checkTools(body.tools) ??
    checkMessages(body.messages) ??
    checkPairs(body.messages) ??
    checkMarks(body)
  )
}

function checkSystem(system: MessagesRequest['system']): string | null {
  if (system === undefined || typeof system === 'string') return null
  if (!Array.isArray(system)) return 'system: Input should be a string or a list'
  for (const [i, block] of system.entries()) {
    if (block.type !== 'text') return `system.${i}: only text blocks are allowed`
    if (typeof block['text'] !== 'string' || block['text'] === '') return `system: text content blocks must be non-empty`
  }
  return null
}

function checkTools(tools: MessagesRequest['tools']): string | null {
  if (tools === undefined) return null
  if (!Array.isArray(tools)) return 'tools: Input should be a list'
  const names = new Set<string>()
  for (const [i, tool] of tools.entries()) {
    if (typeof tool.name !== 'string' || !/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name))
      return `tools.${i}.name: String should match pattern`
    if (names.has(tool.name)) return 'tools: Tool names must be unique.'
    names.add(tool.name)
    const schema = tool.input_schema as { type?: unknown } | undefined
    if (typeof schema !== 'object' || schema === null) return `tools.${i}.input_schema: Field required`
    if (schema.type !== 'object') return `tools.${i}.input_schema.type: Input should be 'object'`
    for (const key of ['oneOf', 'anyOf', 'allOf']) {
      if (key in schema) return `tools.${i}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`
    }
  }
  return null
}

function checkMessages(messages: MessagesRequest['messages']): string | null {
  for (const [i, message] of messages.entries()) {
    const at = `messages.${i}`
    if (message.role !== 'user' && message.role !== 'assistant') return `${at}.role: Input should be 'user' or 'assistant'`
    if (i === 0 && message.role !== 'user') return 'messages: first message must use the "user" role'
    for (const key of Object.keys(message))
      if (key !== 'role' && key !== 'content') return `${at}.${key}: Extra inputs are not permitted`
    const last = i === messages.length - 1
    if (message.content === undefined || message.content === null) return `${at}.content: Field required`
    if (message.content.length === 0 && !(last && message.role === 'assistant'))
      return `${at}: all messages must have non-empty content`
    if (last && message.role === 'assistant' && /\s$/.test(tailOf(message.content))) {
      return 'messages: final assistant content cannot end with trailing whitespace'
    }
    if (typeof message.content === 'string') continue
    for (const [j, block] of message.content.entries()) {
      const problem = checkBlock(block, message.role, `${at}.content.${j}`)
      if (problem !== null) return problem
    }
  }
  return null
}

function tailOf(content: string | readonly RequestBlock[]): string {
  return typeof content === 'string' ? content : String(content.at(-1)?.['text'] ?? '')
}

function checkBlock(block: RequestBlock, role: string, at: string): string | null {
  switch (block.type) {
    case 'text':
      if (typeof block['text'] !== 'string') return `${at}.text.text: Field required`
      if (block['text'] === '') return 'messages: text content blocks must be non-empty'
      return /\S/.test(block['text']) ? null : 'messages: text content blocks must contain non-whitespace text'
    case 'tool_use':
      if (role !== 'assistant') return `${at}: tool_use blocks can only be in assistant messages`
      if (typeof block['id'] !== 'string' || !/^[a-zA-Z0-9_-]+$/.test(block['id']))
        return `${at}.tool_use.id: String should match pattern`
      if (typeof block['name'] !== 'string' || !/^[a-zA-Z0-9_-]{1,128}$/.test(block['name']))
        return `${at}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`
      if (typeof block['input'] !== 'object' || block['input'] === null)
        return `${at}.tool_use.input: Input should be a valid dictionary`
      return null
    case 'tool_result':
      if (role !== 'user') return `${at}: tool_result blocks can only be in user messages`
      return checkResult(block, at)
    case 'image':
    case 'document':
      return checkMedia(block, at)
    case 'thinking':
      return typeof block['signature'] === 'string' ? null : `${at}.thinking.signature: Field required`
    default:
      return null
  }
}

function checkResult(block: RequestBlock, at: string): string | null {
  const content = block['content']
  if (content === undefined || typeof content === 'string') return null
  if (!Array.isArray(content)) return `${at}.tool_result.content: Input should be a string or a list`
  for (const [i, inner] of (content as RequestBlock[]).entries()) {
    const where = `${at}.tool_result.content.${i}`
    if (!['text', 'image', 'document', 'search_result'].includes(inner.type)) return `${where}: Input tag '${inner.type}' found`
    const problem = checkBlock(inner, 'user', where)
    if (problem !== null) return problem
  }
  return null
}

function checkMedia(block: RequestBlock, at: string): string | null {
  const source = block['source'] as { type?: string; media_type?: string; data?: string } | undefined
  if (source === undefined) return `${at}.source: Field required`
  if (source.type === 'base64' && !/^[A-Za-z0-9+/]+={0,2}$/.test(source.data ?? ''))
    return `${at}.source.base64.data: not valid base64`
  if (block.type === 'image' && source.type === 'base64' && !IMAGE_TYPES.includes(source.media_type ?? '')) {
    return `${at}.source.base64.media_type: Input should be one of ${IMAGE_TYPES.join(', ')}`
  }
  if (block.type === 'document' && source.type === 'base64' && source.media_type !== 'application/pdf') {
    return `${at}.source.base64.media_type: Input should be 'application/pdf'`
  }
  if (block.type === 'document' && source.type === 'text' && source.media_type !== 'text/plain') {
    return `${at}.source.text.media_type: Input should be 'text/plain'`
  }
  return null
}

/** Neighbours of one role count as one message; then each tool_use needs its result right after, and each result its call. */
function checkPairs(messages: MessagesRequest['messages']): string | null {
  const merged: { role: string; index: number; blocks: RequestBlock[] }[] = []
  for (const [index, message] of messages.entries()) {
    const blocks = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
    const before = merged.at(-1)
    if (before?.role === message.role) before.blocks.push(...blocks)
    else merged.push({ role: message.role, index, blocks: [...blocks] })
  }
  const seen = new Set<string>()
  for (const [i, message] of merged.entries()) {
    const uses = idsOf(message.blocks, 'tool_use', 'id')
    for (const id of uses) {
      if (seen.has(id)) return `messages.${message.index}: \`tool_use\` ids must be unique`
      seen.add(id)
    }
    const firstOther = message.blocks.findIndex((block) => block.type !== 'tool_result')
    const leading = firstOther === -1 ? message.blocks : message.blocks.slice(0, firstOther)
    const answered = new Set(idsOf(leading, 'tool_result', 'tool_use_id'))
    const all = idsOf(message.blocks, 'tool_result', 'tool_use_id')
    const asked = idsOf(merged[i - 1]?.blocks ?? [], 'tool_use', 'id')
    const unknown = all.find((id) => !asked.includes(id))
    if (unknown !== undefined) {
      return (
        `messages.${message.index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${unknown}. ` +
        'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.'
      )
    }
    if (new Set(all).size !== all.length) return `messages.${message.index}: each tool_use must have a single result.`
    const missing = asked.filter((id) => !answered.has(id))
    if (missing.length > 0) return unansweredText(merged[i - 1]?.index ?? 0, missing)
    if (i === merged.length - 1 && uses.length > 0) return unansweredText(message.index, uses)
  }
  return null
}

const unansweredText = (index: number, ids: readonly string[]): string =>
  `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(', ')}.`

const idsOf = (blocks: readonly RequestBlock[], type: string, key: string): string[] =>
  blocks.flatMap((block) => (block.type === type ? [String(block[key])] : []))

function checkMarks(body: MessagesRequest): string | null {
  const blocks = [
    ...(body.tools ?? []),
    ...(Array.isArray(body.system) ? body.system : []),
    ...body.messages.flatMap((message) => (typeof message.content === 'string' ? [] : message.content)),
  ] as { cache_control?: unknown; type?: string }[]
  const marked = blocks.filter((block) => block.cache_control !== undefined)
  if (marked.length > MAX_CACHE_MARKS) {
    return `A maximum of ${MAX_CACHE_MARKS} blocks with cache_control may be provided. Found ${marked.length}.`
  }
  const thinking = marked.find((block) => block.type === 'thinking' || block.type === 'redacted_thinking')
  return thinking === undefined ? null : 'cache_control: thinking blocks cannot be marked'
}
