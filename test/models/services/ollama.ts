import { answer, call, calls, chunk, type Service } from './quirk.ts'

export const ollama: Service = {
  name: 'Ollama',
  quirks: [
    {
      quirk: 'reasoning',
      what: '`reasoning`',
      body: answer(chunk({ content: '', reasoning: 'hm' }), chunk({ content: 'hi' })),
      expect: { text: 'hi', thoughts: 'hm' },
    },
    {
      quirk: 'whole-calls',
      what: 'every call whole and under index 0, the reason is `stop`',
      body: answer(
        calls({ index: 0, id: 'call_aaaaaaaa', ...call('save', '{"k":1}') }),
        calls({ index: 0, id: 'call_bbbbbbbb', ...call('save', '{"k":2}') }),
      ),
      expect: {
        calls: [
          ['save', { k: 1 }],
          ['save', { k: 2 }],
        ],
        stopReason: 'tool_use',
      },
    },
    {
      quirk: 'map-arguments',
      what: 'a map, from older versions',
      body: answer(calls({ index: 0, id: 'call_a', ...call('save', { k: 1 }) })),
      expect: { calls: [['save', { k: 1 }]], stopReason: 'tool_use' },
    },
    {
      quirk: 'error-shape',
      what: '`error` in words',
      status: 400,
      body: JSON.stringify({ error: 'registry.ollama.ai/library/tiny does not support tools' }),
      expect: { error: { kind: 'invalid', message: /does not support tools/ } },
    },
    {
      quirk: 'no-model',
      what: '404: try pulling it first',
      status: 404,
      body: JSON.stringify({
        error: { message: 'model "m" not found, try pulling it first', type: 'api_error', param: null, code: null },
      }),
      expect: { error: { kind: 'no_model' } },
    },
    {
      quirk: 'no-media',
      what: '500: data for pictures are missing',
      status: 500,
      body: JSON.stringify({ error: { message: 'this model is missing data required for image input', type: 'api_error' } }),
      expect: { error: { kind: 'invalid' } },
    },
  ],
}
