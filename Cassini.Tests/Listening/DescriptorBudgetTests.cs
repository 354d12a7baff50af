using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Tests.Listening;

public class DescriptorBudgetTests
{
    private static readonly ListenerOptions Wanted = new() { Endpoints = [ListeningRig.AnyPort] };

    [Fact]
    public void Fit_EnoughDescriptorsOrNoLimit_ChangesNothing()
    {
        DescriptorBudget.Fit(Wanted, 100_000).ShouldBeSameAs(Wanted);
        DescriptorBudget.Fit(Wanted, null).ShouldBeSameAs(Wanted);
    }

    [Theory]
    [InlineData(20_000, 3_072)]
    [InlineData(1_024, 256)]
    [InlineData(220, 55)]
    [InlineData(8, 2)]
    public void Fit_TooFew_KeepsAReserveThatClientsCannotTake(int descriptors, int reserve)
    {
        var fitted = DescriptorBudget.Fit(Wanted, descriptors);

        (fitted.MaxConnections + fitted.MaxPending).ShouldBeLessThanOrEqualTo(descriptors - reserve);
        fitted.MaxConnections.ShouldBeGreaterThan(0);
        fitted.MaxPending.ShouldBeGreaterThan(0);
        fitted.MaxPendingPerAddress.ShouldBeLessThanOrEqualTo(fitted.MaxPending);
    }

    [Fact]
    public void Read_OnLinux_KnowsTheLimit()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux says it in /proc");
        DescriptorBudget.Read().ShouldNotBeNull().ShouldBeGreaterThan(0);
    }
}
