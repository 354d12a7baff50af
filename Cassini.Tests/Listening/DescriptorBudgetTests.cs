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

    [Theory]
    [InlineData(10_000, 12_000)]
    [InlineData(1_000, 100)]
    [InlineData(10, 10)]
    public void WantedBy_SoMany_IsExactlyEnough(int connections, int pending)
    {
        var options = Wanted with { MaxConnections = connections, MaxPending = pending };
        var wanted = DescriptorBudget.WantedBy(options);

        DescriptorBudget.Fit(options, wanted).ShouldBeSameAs(options);
        DescriptorBudget.Fit(options, wanted - 1).ShouldNotBeSameAs(options);
    }

    /// <summary>Of a parent that leaks them, or of the application around the broker.</summary>
    [Fact]
    public void Fit_DescriptorsThatOthersHaveOpen_AreNotForClients()
    {
        var wanted = DescriptorBudget.WantedBy(Wanted);

        DescriptorBudget.Fit(Wanted, wanted, open: 200).ShouldBeSameAs(Wanted, "the program's own are in the reserve");
        var fitted = DescriptorBudget.Fit(Wanted, 20_000, open: 10_240);
        (fitted.MaxConnections + fitted.MaxPending).ShouldBeLessThanOrEqualTo(10_000 - 2_500);
        DescriptorBudget.Fit(Wanted, DescriptorBudget.WantedBy(Wanted, open: 10_240), open: 10_240).ShouldBeSameAs(Wanted);
    }

    [Fact]
    public void LeastWith_DescriptorsThatOthersHaveOpen_IsMore()
    {
        DescriptorBudget.LeastWith(320, open: 0).ShouldBe(320);
        DescriptorBudget.LeastWith(320, open: 64).ShouldBe(320);
        DescriptorBudget.LeastWith(320, open: 1_064).ShouldBe(1_320);
    }

    [Fact]
    public void CountOpen_OnLinux_CountsThem()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux says it in /proc");
        DescriptorBudget.CountOpen().ShouldBeGreaterThan(3);
    }

    [Fact]
    public void Read_OnLinux_KnowsTheLimit()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux says it in /proc");
        DescriptorBudget.Read().ShouldNotBeNull().ShouldBeGreaterThan(0);
    }
}
