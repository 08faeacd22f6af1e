import Type from 'typebox';
import { tensorDatatypes } from '../core/tensors.ts';

const TensorSpecOptions = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 256, description: 'As callers name it.' }),
    datatype: Type.Enum(tensorDatatypes, { description: 'Of its values.' }),
    shape: Type.Array(Type.Integer({ minimum: -1 }), {
      minItems: 1,
      maxItems: 8,
      description: 'Lengths of its axes, -1 for any; the first one counts the rows.',
    }),
  },
  { additionalProperties: false },
);

/** `models.NAME.tensors`. */
export const TensorOptions = Type.Object(
  {
    inputs: Type.Array(TensorSpecOptions, { minItems: 1, description: 'Tensors a call brings, each once.' }),
    outputs: Type.Array(TensorSpecOptions, { minItems: 1, description: 'Tensors an answer holds.' }),
    instances: Type.Enum(['records', 'rows'], {
      default: 'records',
      description: '`records`: an object for each row, by the tensors’ names; `rows`: the rows of the one input.',
    }),
  },
  {
    additionalProperties: false,
    description:
      'How tensors of the Open Inference Protocol become the model’s own `{"instances":[…]}`, and `{"predictions":[…]}` tensors.',
  },
);
