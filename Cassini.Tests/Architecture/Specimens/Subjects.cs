using System.Reactive.Linq;
using System.Reactive.Subjects;

namespace Cassini.Tests.Architecture.Specimens.Gamma;

public sealed class HoldsASubject
{
    internal readonly Subject<int> Held = new();
}

public sealed class HoldsABehaviorSubjectOfALibrary
{
    internal readonly List<IList<BehaviorSubject<int>>> Held = [];
}

public sealed class MakesASubject
{
    internal IObservable<int> Make() => Observable.Defer(() => new ReplaySubject<int>(1).AsObservable());
}

public sealed class DerivesASubject : SubjectBase<int>
{
    public override bool HasObservers => false;

    public override bool IsDisposed => false;

    public override void Dispose()
    {
    }

    public override void OnCompleted()
    {
    }

    public override void OnError(Exception error)
    {
    }

    public override void OnNext(int value)
    {
    }

    public override IDisposable Subscribe(IObserver<int> observer) => throw new NotSupportedException();
}

public sealed class ExposesASubject
{
    public ISubject<int>? Exposed { get; init; }
}

public sealed class ExposesSubjectsInAList
{
    public void Take(IReadOnlyList<BehaviorSubject<int>[]> exposed) => ArgumentNullException.ThrowIfNull(exposed);
}

public sealed class ExposesAnObservable
{
    public IObservable<long> Exposed => Observable.Never<long>().Publish().RefCount();
}

public class OpenClass;
