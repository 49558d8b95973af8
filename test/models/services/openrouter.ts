import { answer, answerWithCalls, call, calls, chunk, data, type Service } from './quirk.ts'

const detail = (text: string, more: object = {}): object => ({
  type: 'reasoning.text',
  index: 0,
  format: 'anthropic-claude-v1',
  ...(text === '' ? {} : { text }),
  ...more,
})

export const openrouter: Service = {
  name: 'OpenRouter',
  quirks: [
    {
      quirk: 'thoughts-go-back',
      what: '`reasoning_details`, in pieces, with a signature',
      body: answerWithCalls(
        chunk({ reasoning: 'I ', reasoning_details: [detail('I ')] }),
        chunk({ reasoning: 'must', reasoning_details: [detail('must')] }),
        chunk({ reasoning_details: [detail('', { signature: 'c2ln' })] }),
        calls({ index: 0, id: 'toolu_1', ...call('save', '{"k":1}') }),
      ),
      expect: {
        thoughts: 'I must',
        calls: [['save', { k: 1 }]],
        sentBack: { reasoning_details: [{ type: 'reasoning.text', text: 'I must', signature: 'c2ln', index: 0 }] },
      },
    },
    {
      quirk: 'stream-form',
      what: '`: OPENROUTER PROCESSING` comments',
      body: `: OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n${answer(chunk({ content: 'hi' }))}`,
      expect: { text: 'hi' },
    },
    {
      quirk: 'failed-inside',
      what: 'an error beside a choice that ends with `error`',
      body:
        chunk({ content: 'ha' }) +
        data({
          id: 'gen',
          provider: 'x',
          error: { code: 502, message: 'Provider disconnected unexpectedly' },
          choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
        }),
      expect: { error: { kind: 'server', message: /disconnected/ } },
    },
    {
      quirk: 'error-shape',
      what: 'what the provider said stands in `metadata.raw`',
      status: 400,
      body: JSON.stringify({
        error: {
          message: 'Provider returned error',
          code: 400,
          metadata: {
            provider_name: 'Anthropic',
            raw: '{"type":"error","error":{"type":"invalid_request_error","message":"messages.0.content.1.image.source.base64: image exceeds 5 MB maximum"}}',
          },
        },
      }),
      expect: { error: { kind: 'invalid', message: /image exceeds 5 MB/ } },
    },
    {
      quirk: 'json-answer',
      what: 'an error with status 200',
      body: JSON.stringify({ error: { message: 'Rate limit exceeded: free-models-per-min.', code: 429 } }),
      expect: { error: { kind: 'rate_limit' } },
    },
    {
      quirk: 'no-model',
      what: '400 in words',
      status: 400,
      body: JSON.stringify({ error: { message: 'nobody/nothing is not a valid model ID', code: 400 } }),
      expect: { error: { kind: 'no_model' } },
    },
    {
      quirk: 'no-media',
      what: '404: no endpoint that takes pictures',
      status: 404,
      body: JSON.stringify({ error: { message: 'No endpoints found that support image input', code: 404 } }),
      expect: { error: { kind: 'invalid' } },
    },
  ],
}
