namespace LongContext.Planning;

/// <summary>A model's work and bytes, one layer at a time.</summary>
internal sealed class ModelCost(ModelInfo model, double kvElementBytes, double exchangeElementBytes)
{
    internal int Layers => model.Layers;

    internal int QHeads => model.QHeads;

    internal int KVHeads => model.KVHeads;

    internal int HeadDim => model.HeadDim;

    /// <summary>Features of all query heads.</summary>
    internal double QWidth => (double)model.QHeads * model.HeadDim;

    /// <summary>Features of all KV heads.</summary>
    internal double KVWidth => (double)model.KVHeads * model.HeadDim;

    /// <summary>Bytes of a key's or value's element.</summary>
    internal double KVElementBytes => kvElementBytes;

    /// <summary>Bytes of a query's element on the wire.</summary>
    internal double ExchangeElementBytes => exchangeElementBytes;

    /// <summary>Bytes of one token's key and value in one layer.</summary>
    internal double KVTokenBytes => 2 * KVWidth * kvElementBytes;

    /// <summary>Weights of one layer.</summary>
    internal double LayerWeights =>
        (2 * model.HiddenSize * QWidth) + (2 * model.HiddenSize * KVWidth) + (3.0 * model.HiddenSize * model.IntermediateSize);

    /// <summary>Bytes read for one decoded token without its keys and values: all layers and the output matrix, in the file's types.</summary>
    internal double DecodedWeightBytes
    {
        get
        {
            double all = (Layers * LayerWeights) + ((double)model.VocabularySize * model.HiddenSize);
            double perWeight = model.WeightBytes > 0 ? (double)model.WeightBytes / model.ParameterCount : 2;
            return all * perWeight;
        }
    }

    /// <summary>Operations of one layer's matrix products.</summary>
    internal double MatrixFlops(double tokens) => 2 * LayerWeights * tokens;

    /// <summary>Operations of one layer's attention over so many pairs of a query and a key.</summary>
    internal double AttentionFlops(double pairs) => 4 * QWidth * pairs;
}
