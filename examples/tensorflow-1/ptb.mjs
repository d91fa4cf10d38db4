// The word language model of TensorFlow 1's tutorial on the Penn Treebank, where it is evaluated.
import * as tf from "@unroll/api/tf1";

export const smallConfig = {
  batchSize: 3,
  numSteps: 6,
  hiddenSize: 20,
  numLayers: 2,
  vocabSize: 50,
  keepProb: 1.0,
};

export class PTBModel {
  constructor(isTraining, config) {
    const { batchSize, numSteps, hiddenSize: size, vocabSize } = config;
    this.inputData = tf.placeholder(tf.int32, [batchSize, numSteps], "input_data");

    const embedding = tf.getVariable("embedding", [vocabSize, size], { dtype: tf.float32 });
    let inputs = tf.nn.embeddingLookup(embedding, this.inputData);
    if (isTraining && config.keepProb < 1) inputs = tf.nn.dropout(inputs, config.keepProb);

    const [outputs, state] = this.buildRnnGraph(inputs, config, isTraining);

    const output = tf.reshape(tf.concat(outputs, 1), [-1, size]);
    const softmaxW = tf.getVariable("softmax_w", [size, vocabSize], { dtype: tf.float32 });
    const softmaxB = tf.getVariable("softmax_b", [vocabSize], { dtype: tf.float32 });
    const logits = tf.nn.xwPlusB(output, softmaxW, softmaxB);
    this.logits = tf.reshape(logits, [batchSize, numSteps, vocabSize]);
    this.finalState = state;
  }

  buildRnnGraph(inputs, config, isTraining) {
    const makeCell = () => {
      let cell = new tf.nn.rnnCell.BasicLSTMCell(config.hiddenSize, { forgetBias: 0.0, stateIsTuple: true });
      if (isTraining && config.keepProb < 1)
        cell = new tf.nn.rnnCell.DropoutWrapper(cell, { outputKeepProb: config.keepProb });
      return cell;
    };
    const cell = new tf.nn.rnnCell.MultiRNNCell(Array.from({ length: config.numLayers }, makeCell), {
      stateIsTuple: true,
    });

    this.initialState = cell.zeroState(config.batchSize, tf.float32);
    let state = this.initialState;
    const outputs = [];
    tf.variableScope("RNN", () => {
      for (let timeStep = 0; timeStep < config.numSteps; timeStep++) {
        if (timeStep > 0) tf.getVariableScope().reuseVariables();
        let cellOutput;
        [cellOutput, state] = cell(tf.at(inputs, ":", timeStep, ":"), state);
        outputs.push(cellOutput);
      }
    });
    return [outputs, state];
  }
}

/** As `with tf.variable_scope("Model", ...)` around the model in the script's main. */
export const build = (config = smallConfig) => tf.variableScope("Model", () => new PTBModel(false, config));

/** As the script's `run_epoch`: batch after batch, the state of one fed to the next. */
export async function runEpoch(session, model, batches) {
  let state = await session.run(model.initialState);
  const all = [];
  for (const ids of batches) {
    const feedDict = new Map([
      [model.initialState, state],
      [model.inputData, ids],
    ]);
    let logits;
    [logits, state] = await session.run([model.logits, model.finalState], feedDict);
    all.push(logits);
  }
  return [all, state];
}
