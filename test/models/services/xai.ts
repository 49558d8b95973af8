import { answerWithCalls, call, chunk, type Service } from './quirk.ts'

export const xai: Service = {
  name: 'xAI',
  quirks: [
    {
      quirk: 'reasoning',
      what: '`reasoning_content`',
      body: answerWithCalls(chunk({ reasoning_content: 'hm' }), chunk({ content: 'hi' })),
      expect: { text: 'hi', thoughts: 'hm' },
    },
    {
      quirk: 'whole-calls',
      what: 'each call whole in a chunk, without an index',
      body: answerWithCalls(
        chunk({ role: 'assistant', content: '', tool_calls: [{ id: 'call_1', ...call('save', '{"k":1}') }] }),
        chunk({ tool_calls: [{ id: 'call_2', ...call('save', '{"k":2}') }] }),
      ),
      expect: {
        calls: [
          ['save', { k: 1 }],
          ['save', { k: 2 }],
        ],
      },
    },
    {
      quirk: 'error-shape',
      what: '`code` in words beside `error` in words',
      status: 400,
      body: JSON.stringify({ code: 'Client specified an invalid argument', error: 'Image dimensions are too small.' }),
      expect: { error: { kind: 'invalid', message: /too small/ } },
    },
    {
      quirk: 'no-model',
      what: '404 in words',
      status: 404,
      body: JSON.stringify({
        code: 'Some requested entity was not found',
        error: 'The model grok-0 does not exist or your team does not have access to it.',
      }),
      expect: { error: { kind: 'no_model' } },
    },
  ],
}
