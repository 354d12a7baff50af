using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// The messages whose topics match a filter, for observers in this process. Not made by <c>Observable.Create</c>, because that would
/// detach an observer that throws, so that it could not receive its error.
/// </summary>
internal sealed class LocalObservable(LocalObservers observers, LocalParty party, string filter) : IObservable<MqttMessage>
{
    public IDisposable Subscribe(IObserver<MqttMessage> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return observers.Start(party, filter, observer);
    }
}
