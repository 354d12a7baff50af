using Xunit.v3;

namespace Cassini.Tests.Cli;

/// <summary>
/// On tests that start the executable, which .ci/run runs once more with that of native code:
/// <c>--filter-trait Starts=executable</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class StartsExecutableAttribute : Attribute, ITraitAttribute
{
    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Starts", "executable")];
}
