"""What an administrator types; every outside id is looked up again in its own scope."""

from __future__ import annotations

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from jiaoan.org.models import Organisation, OrganisationKind, User
from jiaoan.org.queries import organisations
from jiaoan.org.roles import ROLES

_INPUT = {"class": "form-control"}
_SELECT = {"class": "form-select"}


class OrganisationForm(forms.Form):
    """A section, unit, enterprise or outside carrier below another organisation."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(_INPUT))
    short_name = forms.CharField(
        label=_("Short name"), max_length=40, required=False, widget=forms.TextInput(_INPUT)
    )
    kind = forms.ChoiceField(
        label=_("Kind of organisation"),
        choices=[c for c in OrganisationKind.choices if c[0] != OrganisationKind.BUREAU],
        widget=forms.Select(_SELECT),
    )

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if Organisation.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is already an organisation of this name."))
        return name


class PersonForm(forms.Form):
    """A person with the one post and role to begin with."""

    username = forms.CharField(
        label=_("Log-in name"),
        max_length=60,
        validators=[
            RegexValidator(r"^[\w.@+-]+$", _("Letters, digits and . @ + - _ only, no spaces."))
        ],
        widget=forms.TextInput(_INPUT),
    )
    display_name = forms.CharField(
        label=_("Name of the person"), max_length=60, widget=forms.TextInput(_INPUT)
    )
    title = forms.CharField(
        label=_("Post"), max_length=60, required=False, widget=forms.TextInput(_INPUT)
    )
    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), widget=forms.Select(_SELECT)
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(key, role.title) for key, role in ROLES.items()],
        widget=forms.Select(_SELECT),
    )
    leads = forms.BooleanField(label=_("Leads the organisation"), required=False)

    def __init__(self, actor: object, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = organisations(actor)

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("This log-in name is taken."))
        return name
