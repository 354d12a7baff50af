using Microsoft.Extensions.Options;

namespace Cassini.Streams.Hosting;

/// <summary>Makes the options of the application's broker, which are a record and so made as a whole, whatever their name.</summary>
/// <param name="create">Makes them; called once for each <see cref="IOptions{TOptions}"/>.</param>
internal sealed class CassiniOptionsFactory(Func<CassiniOptions> create) : IOptionsFactory<CassiniOptions>
{
    /// <inheritdoc />
    public CassiniOptions Create(string name) => create();
}
