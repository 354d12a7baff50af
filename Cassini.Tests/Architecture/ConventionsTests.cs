using Cassini.Streams.Events;
using Cassini.Tests.Architecture.Specimens.Gamma;

namespace Cassini.Tests.Architecture;

public class ConventionsTests
{
    private const string Hub = "Cassini.Streams.Events.Hub.EventHub";
    private static readonly Type[] Product = [.. ProductAssemblies.All.SelectMany(assembly => assembly.GetTypes())];

    [Fact]
    public void Subjects_InTheProduct_AreTheHubsAlone() => Conventions.SubjectsOutside(Hub, Product).ShouldBeEmpty();

    [Fact]
    public void Subjects_OnThePublicSurface_AreNone() => Conventions.SubjectsOnTheSurface(Product).ShouldBeEmpty();

    /// <summary>The compiler makes Program, for the top-level statements.</summary>
    [Fact]
    public void Classes_InTheProduct_AreSealedStaticOrAbstract() =>
        Conventions.OpenClasses(Product.Where(type => type.FullName != "Program")).ShouldBeEmpty();

    [Theory]
    [InlineData(typeof(HoldsASubject))]
    [InlineData(typeof(HoldsABehaviorSubjectOfALibrary))]
    [InlineData(typeof(MakesASubject))]
    [InlineData(typeof(DerivesASubject))]
    public void Subjects_OutsideTheirOwner_AreReported(Type specimen)
    {
        Conventions.SubjectsOutside(Hub, TypeReferences.WithNested(specimen)).ShouldNotBeEmpty();
        Conventions.SubjectsOutside(specimen.FullName!, TypeReferences.WithNested(specimen)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(typeof(ExposesASubject))]
    [InlineData(typeof(ExposesSubjectsInAList))]
    [InlineData(typeof(DerivesASubject))]
    public void Subjects_OnTheSurface_AreReported(Type specimen) =>
        Conventions.SubjectsOnTheSurface([specimen]).ShouldNotBeEmpty();

    [Fact]
    public void Subjects_Hidden_AreNoPartOfTheSurface() => Conventions.SubjectsOnTheSurface([typeof(HoldsASubject)]).ShouldBeEmpty();

    [Fact]
    public void Observables_AreNoSubjects()
    {
        Conventions.SubjectsOutside(Hub, TypeReferences.WithNested(typeof(ExposesAnObservable))).ShouldBeEmpty();
        Conventions.SubjectsOnTheSurface([typeof(ExposesAnObservable)]).ShouldBeEmpty();
    }

    [Fact]
    public void Classes_NeitherSealedNorStaticNorAbstract_AreReported()
    {
        Conventions.OpenClasses([typeof(OpenClass)]).ShouldHaveSingleItem().ShouldContain(nameof(OpenClass));
        Conventions.OpenClasses([typeof(HoldsASubject), typeof(Conventions), typeof(BrokerEvent), typeof(Component), typeof(IDisposable)])
            .ShouldBeEmpty();
    }
}
