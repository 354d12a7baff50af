using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Tests.Tls;

public sealed class KnownIntermediatesTests : IDisposable
{
    private const int Capacity = 64;
    private readonly TestAuthority _authority = new();
    private readonly List<X509Certificate2> _issued = [];
    private readonly KnownIntermediates _known = new();

    public void Dispose()
    {
        _issued.ForEach(certificate => certificate.Dispose());
        _authority.Dispose();
    }

    [Fact]
    public void Remember_MoreThanItHolds_ForgetsTheOldest()
    {
        var certificates = Issue(Capacity + 2);
        foreach (var certificate in certificates)
        {
            _known.Remember([certificate]);
        }

        Known().ShouldBe(certificates.Skip(2).Select(certificate => certificate.Thumbprint), ignoreOrder: true);
    }

    [Fact]
    public void Remember_PresentedAgain_IsForgottenLater()
    {
        var certificates = Issue(Capacity + 1);
        _known.Remember([.. certificates.Take(Capacity)]);

        _known.Remember([certificates[0]]);
        _known.Remember([certificates[Capacity]]);

        Known().ShouldContain(certificates[0].Thumbprint);
        Known().ShouldNotContain(certificates[1].Thumbprint);
        Known().Count.ShouldBe(Capacity);
    }

    [Fact]
    public void Remember_FromManyThreads_NeverHoldsMore()
    {
        var certificates = Issue(Capacity * 2);

        Parallel.ForEach(certificates, new ParallelOptions { MaxDegreeOfParallelism = 8 }, certificate => _known.Remember([certificate]));

        Known().Count.ShouldBe(Capacity);
    }

    private List<string> Known() => [.. _known.With([]).Select(certificate => certificate.Thumbprint)];

    private List<X509Certificate2> Issue(int count)
    {
        var certificates = Enumerable.Range(0, count).Select(number => _authority.IssueClient($"number {number}")).ToList();
        _issued.AddRange(certificates);
        return certificates;
    }
}
